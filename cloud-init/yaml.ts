import { dump } from "js-yaml";

/** One YAML document; no anchors and no folded lines, so that every reader (PyYAML, Go) takes it as it is meant. */
export function yaml(document: object): string {
  return dump(document, { lineWidth: -1, noRefs: true });
}

/** Several documents in one file, as kubeadm and kubectl take them. */
export function yamlDocuments(documents: object[]): string {
  return documents.map((document) => `---\n${yaml(document)}`).join("");
}
