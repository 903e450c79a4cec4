import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sha256Of } from "../../lib/checksum";
import type { BuildContext } from "./component";

const kinds = [
  "gatewayclasses",
  "gateways",
  "httproutes",
  "grpcroutes",
  "referencegrants",
  "backendtlspolicies",
];

/** The definitions of the Gateway API's kinds, standard channel, by their paths in its repository and its Go module. */
export const gatewayApiFiles = kinds.map(
  (kind) => `config/crd/standard/gateway.networking.k8s.io_${kind}.yaml`,
);

/** SHA-256 of all of them one after the other, by release. */
const checksums: Readonly<Record<string, string>> = {
  "1.4.0": "17a060caab800ad9443b0a6f784685ce56c8eec7ffac7ec80e5eb3b11a4de88e",
};

/**
 * Puts them into a bundle as one file for kubectl. Its name has the release: the masters notice another one by it.
 * @throws Error when they are not what was released.
 */
export async function writeGatewayApi({ stage, versions }: BuildContext, files: string[]): Promise<void> {
  const found = sha256Of(files.join(""));
  const expected = checksums[versions.gatewayApi];
  if (found !== expected)
    throw new Error(`Gateway API ${versions.gatewayApi}: SHA-256 is ${found}, expected is ${expected}.`);
  await mkdir(join(stage, "manifests"), { recursive: true });
  await writeFile(join(stage, "manifests", `gateway-api-${versions.gatewayApi}.yaml`), files.join("---\n"));
}
