import type { Provider } from "../protocol/provider";
import { certRequest } from "./cert-request";
import { locallySignedCert } from "./locally-signed-cert";
import { privateKeyResource } from "./private-key";
import { selfSignedCert } from "./self-signed-cert";

/** The stand-in for the plugin `tls`. */
export const tls: Provider = {
  name: "tls",
  version: "5.6.1",
  acceptsSecrets: false,
  configuration: {},
  resources: new Map([
    ["tls:index/privateKey:PrivateKey", privateKeyResource],
    ["tls:index/selfSignedCert:SelfSignedCert", selfSignedCert],
    ["tls:index/certRequest:CertRequest", certRequest],
    ["tls:index/locallySignedCert:LocallySignedCert", locallySignedCert],
  ]),
};
