import { imageNameAllowed, wholeImageName } from "../../hypervisor/containers/image-name";

/** What `npm run load` was asked for. */
type LoadRequest =
  | { kind: "list" }
  | { kind: "remove"; names: string[] }
  | { kind: "load"; words: string[]; on: "workers" | "nodes" };

interface LoadValues {
  all?: boolean;
  list?: boolean;
  remove?: string[];
}

/** @throws Error with everything that does not go together */
export function loadRequest(values: LoadValues, words: readonly string[]): LoadRequest {
  const { all = false, list = false, remove = [] } = values;
  const problems: string[] = [];
  if (remove.length > 0) {
    if (list) problems.push("--remove and --list: one of them");
    if (all) problems.push("--all: --remove takes an image away from every machine anyway");
    const names = [...remove, ...words];
    for (const name of names)
      if (wholeImageName(name) === undefined)
        problems.push(`${name}: allowed is a name ${imageNameAllowed}; npm run load -- --list shows them`);
    refuse(problems);
    return { kind: "remove", names: names.map((name) => wholeImageName(name) ?? name) };
  }
  if (list) {
    if (all) problems.push("--all: --list shows all anyway");
    for (const word of words) problems.push(`${word}: --list takes no word`);
    refuse(problems);
    return { kind: "list" };
  }
  if (words.length === 0)
    problems.push("which image? A file, a folder of OCI's layout, or a name of the local docker or podman");
  for (const word of words.filter((one, at) => words.indexOf(one) !== at))
    problems.push(`${word}: given twice`);
  refuse(problems);
  return { kind: "load", words: [...words], on: all ? "nodes" : "workers" };
}

function refuse(problems: readonly string[]): void {
  if (problems.length === 0) return;
  throw new Error(
    `not understood, and nothing was done:\n${problems.map((problem) => `  ${problem}`).join("\n")}\nWhat there is: npm run load -- --help`,
  );
}
