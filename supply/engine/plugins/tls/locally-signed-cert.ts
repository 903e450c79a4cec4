import { ifPem } from "../bridged/attribute";
import { BridgedResource } from "../bridged/resource";
import { certificateSchema, planRenewal, refreshRenewal } from "./certificate-schema";
import { parsePrivateKey } from "./keys";

/** `tls:index/locallySignedCert:LocallySignedCert`. */
export const locallySignedCert = new BridgedResource({
  schema: {
    caCertPem: { type: "string", mode: "required", replace: ifPem },
    caPrivateKeyPem: { type: "string", mode: "required", secret: true, replace: ifPem },
    certRequestPem: { type: "string", mode: "required", replace: ifPem },
    ...certificateSchema,
    caKeyAlgorithm: { type: "string", mode: "computed" },
  },
  schemaVersion: 0,
  modifyPlan: planRenewal,
  refresh: refreshRenewal,
  async create(planned, context) {
    const { makeCertificate, parseAuthority, parseRequest } = require("./x509") as typeof import("./x509");
    const { key, algorithm } = parsePrivateKey(String(planned.caPrivateKeyPem));
    const { name, keyId, isCa } = parseAuthority(String(planned.caCertPem));
    if (!isCa) {
      context.warn(
        "Certificate provided as Authority does not appear to be a valid Certificate Authority. " +
          "The resulting certificate might fail certificate validation.",
      );
    }
    const subject = parseRequest(String(planned.certRequestPem));
    const certificate = await makeCertificate(planned, subject, { name, key, keyId });
    return { id: certificate.id, computed: { ...certificate, caKeyAlgorithm: algorithm } };
  },
});
