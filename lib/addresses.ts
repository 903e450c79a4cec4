import { Address4 } from "ip-address";

/** First and last address of a run, both included. */
export interface AddressRange {
  from: string;
  to: string;
}

/** Whether `text` is a dotted IPv4 address without a prefix length: `192.168.1.10`. */
export function isAddress(text: string): boolean {
  return !text.includes("/") && Address4.isValid(text);
}

/** Whether `text` is an IPv4 subnet in CIDR notation without host bits: `192.168.1.0/24`, not `192.168.1.7/24`. */
export function isCidr(text: string): boolean {
  return hasPrefix(text) && networkOf(text) === text;
}

/** The subnet that `text` lies in, `192.168.1.7/24` → `192.168.1.0/24`; undefined where it is not an IPv4 address with prefix. */
export function networkOf(text: string): string | undefined {
  return hasPrefix(text) ? new Address4(text).networkForm() : undefined;
}

export function prefixLength(cidr: string): number {
  return new Address4(cidr).subnetMask;
}

/** Number of addresses in a subnet, network and broadcast address included. */
export function sizeOf(cidr: string): number {
  return 2 ** (32 - prefixLength(cidr));
}

/** The address `offset` places after the subnet's network address; negative counts back from its broadcast address. */
export function addressAt(cidr: string, offset: number): string {
  const subnet = new Address4(cidr);
  const base = offset < 0 ? subnet.endAddress() : subnet.startAddress();
  return Address4.fromBigInt(base.bigInt() + BigInt(offset)).correctForm();
}

/** The address `steps` after another one: `addressAfter("192.168.1.10", 2)` is `192.168.1.12`. */
export function addressAfter(address: string, steps: number): string {
  return Address4.fromBigInt(numberOf(address) + BigInt(steps)).correctForm();
}

/** Whether the address lies in the subnet and is neither its network nor its broadcast address. */
export function isHostOf(address: string, cidr: string): boolean {
  const subnet = new Address4(cidr);
  const number = numberOf(address);
  return number > subnet.startAddress().bigInt() && number < subnet.endAddress().bigInt();
}

/** All addresses of a subnet as a run. */
export function rangeOf(cidr: string): AddressRange {
  return { from: addressAt(cidr, 0), to: new Address4(cidr).endAddress().correctForm() };
}

/** Whether two runs share an address. A run whose end comes before its start is empty. */
export function overlap(a: AddressRange, b: AddressRange): boolean {
  return (
    isOrdered(a) && isOrdered(b) && numberOf(a.from) <= numberOf(b.to) && numberOf(b.from) <= numberOf(a.to)
  );
}

export function isOrdered(range: AddressRange): boolean {
  return numberOf(range.from) <= numberOf(range.to);
}

export function contains(range: AddressRange, address: string): boolean {
  return overlap(range, { from: address, to: address });
}

function hasPrefix(text: string): boolean {
  return /^[\d.]+\/\d{1,2}$/.test(text) && Address4.isValid(text);
}

function numberOf(address: string): bigint {
  return new Address4(address).bigInt();
}

/** The netmask of a prefix length: 24 → `255.255.255.0`. */
export function netmask(prefixLength: number): string {
  return new Address4(`0.0.0.0/${prefixLength}`).subnetMaskAddress().correctForm();
}

/** The subnet of an address and its netmask: `192.168.1.7`, `255.255.255.0` → `192.168.1.0/24`; undefined where one is none. */
export function networkOfMask(address: string, mask: string): string | undefined {
  try {
    return Address4.fromAddressAndMask(address, mask).networkForm();
  } catch {
    return undefined;
  }
}
