import { addressAt, prefixLength } from "../lib/addresses";

const OCTETS = 4;
const BITS_AN_OCTET = 8;

/**
 * The zones for names of a subnet's addresses: `1.168.192.in-addr.arpa` of 192.168.1.0/24. DNS knows them by whole octets: a
 * subnet that ends between two has several, and one of fewer than 256 addresses has none that is not also others'.
 */
export function reverseZones(cidr: string): string[] {
  const length = prefixLength(cidr);
  const octets = Math.ceil(length / BITS_AN_OCTET);
  if (octets === OCTETS) return [];
  const step = 2 ** (BITS_AN_OCTET * (OCTETS - octets));
  return Array.from({ length: 2 ** (octets * BITS_AN_OCTET - length) }, (_, index) => {
    const inFront = addressAt(cidr, index * step)
      .split(".")
      .slice(0, octets);
    return `${inFront.toReversed().join(".")}.in-addr.arpa`;
  });
}
