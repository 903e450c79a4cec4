import "./reflect";
import { Name } from "@peculiar/x509";
import type { PropertyMap, Value } from "../protocol/value";

/** Inputs of `subject` in the order in which Go's pkix.Name writes them, with their object identifiers. */
const attributes: ReadonlyArray<readonly [input: string, oid: string]> = [
  ["country", "2.5.4.6"],
  ["organization", "2.5.4.10"],
  ["organizationalUnit", "2.5.4.11"],
  ["locality", "2.5.4.7"],
  ["province", "2.5.4.8"],
  ["streetAddresses", "2.5.4.9"],
  ["postalCode", "2.5.4.17"],
  ["commonName", "2.5.4.3"],
  ["serialNumber", "2.5.4.5"],
];

/** The distinguished name for the input `subject`; without one it is empty. */
export function subjectName(subject: Value | undefined): Name {
  const inputs = (subject ?? {}) as PropertyMap;
  const names = attributes.flatMap(([input, oid]) => {
    const values = [inputs[input] ?? []].flat().map((value) => directoryString(String(value)));
    return values.length === 0 ? [] : [{ [oid]: values }];
  });
  const email = inputs.emailAddress;
  return new Name([
    ...names,
    ...(email === undefined ? [] : [{ "1.2.840.113549.1.9.1": [{ ia5String: String(email) }] }]),
  ]);
}

/** PrintableString where the characters allow it, else UTF8String: as Go's asn1 decides. */
function directoryString(value: string) {
  return /^[A-Za-z0-9 '()+,\-./:=?]*$/.test(value) ? { printableString: value } : { utf8String: value };
}
