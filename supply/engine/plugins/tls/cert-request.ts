import { BridgedResource } from "../bridged/resource";
import { namesSchema } from "./certificate-schema";
import { hashForState, parsePrivateKey } from "./keys";

/** `tls:index/certRequest:CertRequest`. */
export const certRequest = new BridgedResource({
  schema: {
    ...namesSchema,
    keyAlgorithm: { type: "string", mode: "computed" },
    certRequestPem: { type: "string", mode: "computed" },
    id: { type: "string", mode: "computed" },
  },
  schemaVersion: 0,
  async create(planned) {
    const { alternativeNames, makeRequest } = require("./x509") as typeof import("./x509");
    const { subjectName } = require("./subject") as typeof import("./subject");
    const { key, algorithm } = parsePrivateKey(String(planned.privateKeyPem));
    const { der, certRequestPem } = await makeRequest(
      subjectName(planned.subject),
      alternativeNames(planned),
      key,
    );
    const id = hashForState(der);
    return { id, computed: { id, certRequestPem, keyAlgorithm: algorithm } };
  },
});
