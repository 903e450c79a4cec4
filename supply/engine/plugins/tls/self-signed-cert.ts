import { createPublicKey } from "node:crypto";
import { always } from "../bridged/attribute";
import { BridgedResource } from "../bridged/resource";
import { certificateSchema, namesSchema, planRenewal, refreshRenewal } from "./certificate-schema";
import { parsePrivateKey } from "./keys";

/** `tls:index/selfSignedCert:SelfSignedCert`. */
export const selfSignedCert = new BridgedResource({
  schema: {
    ...namesSchema,
    ...certificateSchema,
    setAuthorityKeyId: { type: "boolean", mode: "optional and computed", default: false, replace: always },
    keyAlgorithm: { type: "string", mode: "computed" },
  },
  schemaVersion: 0,
  modifyPlan: planRenewal,
  refresh: refreshRenewal,
  async create(planned) {
    // The certificate library is loaded when it's needed only: previews need none.
    const { alternativeNames, makeCertificate } = require("./x509") as typeof import("./x509");
    const { subjectName } = require("./subject") as typeof import("./subject");
    const { key, algorithm } = parsePrivateKey(String(planned.privateKeyPem));
    const name = subjectName(planned.subject);
    const subject = { name, publicKey: createPublicKey(key), alternativeNames: alternativeNames(planned) };
    const certificate = await makeCertificate(planned, subject, { name, key, keyId: undefined });
    return { id: certificate.id, computed: { ...certificate, keyAlgorithm: algorithm } };
  },
});
