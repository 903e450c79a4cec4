import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { z } from "zod";
import { isAddress, isHostOf, networkOf } from "../../lib/addresses";
import { parsePortForward } from "../forwards";
import { publicKeyFault, publicKeyTypes } from "./public-key";
import { integer, listOf, text } from "./settings";

/** Kinds of values that one or two keys have: what they take, and why they refuse what is often tried. */

const label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const dnsName = new RegExp(`^(?=.{1,200}$)${label}(\\.${label})*$`);
const domainName = text(dnsName, "a DNS name in lower case: letters, digits, - and . (labels of at most 63)");
const labels63 = (name: string) => name.split(".").every((part) => part.length <= 63);
export const domain = { ...domainName, schema: domainName.schema.refine(labels63) };

export const diskImage = text(
  /^(built|debian-13|ubuntu-24\.04|machine:\S(.*\S)?|\S(.*\S)?\.(raw|img|qcow2|vdi|vmdk))$/,
  "built, debian-13, ubuntu-24.04, a path or URL of a disk image that ends in .raw, .img, .qcow2, .vdi or .vmdk, or machine:NAME",
  1024,
);
export const checksum = text(
  /^(sha256:[0-9a-fA-F]{64}|sha512:[0-9a-fA-F]{128})$/,
  "sha256: or sha512: and the digest in hexadecimal digits",
);
export const userName = text(
  /^[a-z_][-a-z0-9_]*$/,
  "a Linux user name of at most 32 characters, not one the system has",
  32,
);
export const prefixOfNames = text(
  /^[a-z]([-a-z0-9]*[a-z])?$/,
  "lower-case letters, digits and -, starting and ending in a letter",
  40,
);
export const masterCount = {
  ...integer({ min: 1, max: 5, allowed: "1, 3 or 5", fits: (count) => count % 2 === 1 }),
  explain: explainMasterCount,
};
export const glusterCount = integer({
  min: 0,
  max: 50,
  allowed: "0 or a whole number from 3 to 50",
  fits: (count) => count === 0 || count >= 3,
});
const release = text(
  /^1\.3[1-6]\.(0|[1-9]\d?)$/,
  "MAJOR.MINOR.PATCH from 1.31.0 to 1.36.x, without a leading v",
);
export const kubernetesRelease = { ...release, explain: explainRelease };

/**
 * A release of an add-on: of the minor that the lab's objects for it were made for and tried with.
 * @param because why no other, where that is more than the objects
 */
export function releaseLike(tried: string, because = "the lab's objects for it are those of") {
  const minor = tried.split(".").slice(0, 2).join(".");
  const ofMinor = new RegExp(`^${minor.replace(".", "\\.")}\\.(0|[1-9]\\d*)$`);
  const isOther = (value: unknown) =>
    /^v?\d+\.\d+\.\d+$/.test(String(value)) && !String(value).replace(/^v/, "").startsWith(`${minor}.`);
  return {
    ...text(ofMinor, `${minor}.PATCH without a leading v; tried with ${tried}`),
    explain: (value: unknown) => (isOther(value) ? { reason: `${because} ${minor}` } : undefined),
  };
}

export const resolvers = {
  ...listOf(z.string().refine(isResolver), "a list of IPv4 addresses outside 127.0.0.0/8"),
  explain: explainResolver,
};
export const forwards = listOf(
  z.string().refine((text) => parsePortForward(text) !== undefined),
  "a list of at most 16 HOSTPORT:TARGET:PORT, such as 8088:kube-node01:30080: HOSTPORT from 1024 to 65535, TARGET a machine's name or an IPv4 address of the lab's networks",
);
export const timeServers = listOf(z.string().refine(isTimeServer), "a list of DNS names or IPv4 addresses");

export const certifiedNames = listOf(
  z.string().refine((text) => isIP(text) !== 0 || isDnsName(text.replace(/^\*\./, ""))),
  "a list of at most 16 DNS names in lower case, *.NAME too, or IPv4 or IPv6 addresses",
);

export const imageArchives = listOf(
  z
    .string()
    .max(1024)
    .regex(/^\S(.*\S)?$/),
  "a list of files, relative to the project's folder or full paths, as docker save writes them",
);

export const authorityFiles = listOf(
  z
    .string()
    .max(1024)
    .regex(/^[^\s-](.*\S)?$/),
  "a list of PEM files, relative to the project's folder or full paths",
);

/** A login may be in it. */
export const proxyUrl = {
  ...text(
    /^https?:\/\/([^\s'"\\$`@/]+@)?[A-Za-z0-9.-]+(:\d{1,5})?\/?$/,
    "http(s)://HOST:PORT, or http(s)://USER:PASSWORD@HOST:PORT with %XX for what is no letter or digit",
    1024,
  ),
  secret: true,
};
export const proxyExceptions = listOf(
  z.string().regex(/^(\*|\.?[a-z0-9][a-z0-9.-]*(:\d{1,5})?|\d[\d.]*\/\d{1,2})$/),
  "a list of at most 16 names, which stand for those in them, too, addresses, or subnets",
);

/** What is in it, plan/config/registries.ts reads. */
export const registries = {
  schema: z.record(z.string(), z.unknown()),
  allowed:
    "a map of registries' hosts, as images' names begin, to objects with mirrors, username, password, insecure and authority",
  type: "map",
  secret: true,
};

/** Whoever takes the wrong one of two files has a private key in it: none of them is shown when it is refused. */
export const authorizedKeys = {
  ...listOf(
    z.string().refine((key) => publicKeyFault(key) === undefined),
    `a list of OpenSSH's public keys, each one line TYPE BASE64 COMMENT as a file that ends in .pub has it, TYPE one of ${publicKeyTypes.join(", ")}`,
  ),
  explain: (value: unknown) => {
    const reason = typeof value === "string" ? publicKeyFault(value) : undefined;
    return reason === undefined ? undefined : { reason };
  },
  secret: true,
};

export const workerNames = listOf(
  z.string().regex(/^[a-z][-a-z0-9]*$/),
  "a list of workers' names, such as kube-node03",
);

/** What is in it, plan/config/own-workers.ts reads. */
export const ownWorker = {
  schema: z.record(z.string(), z.unknown()),
  allowed: "a map of workers' names to objects with cpus, memoryMiB, labels and taints",
  type: "map",
};

/** What is in it, plan/config/own-parts.ts reads: contents and commands may be secret. */
export const ownPart = {
  schema: z.record(z.string(), z.unknown()),
  allowed: "an object with files, commands and packages",
  type: "object",
  secret: true,
};
export const ownPartsOfMachines = {
  ...ownPart,
  allowed: "an object with machines' names, each an object with files, commands and packages",
};

export const volumeName = text(
  /^[a-zA-Z][-_a-zA-Z0-9]*$/,
  "a letter, then letters, digits, - and _, at most 64",
  64,
);
export const hostAdapter = text(
  /^\S(.*\S)?$/,
  "an adapter's name as VBoxManage lists it (list hostonlyifs, list bridgedifs)",
  128,
);
const lanAddress = text(
  /^[\d.]+\/\d{1,2}$/,
  "an IPv4 address with its subnet's prefix length such as 192.168.178.50/24",
);
export const interfaceAddress = { ...lanAddress, schema: lanAddress.schema.refine(isInterfaceAddress) };

export const authorityCertificate = {
  ...text(/^\s*-----BEGIN CERTIFICATE-----/, "an authority's certificate in PEM", 65536),
  digest: fingerprint,
};
export const authorityKey = {
  ...text(
    /^\s*-----BEGIN (EC |RSA )?PRIVATE KEY-----/,
    "its private key in PEM, without a passphrase",
    65536,
  ),
  secret: true,
};

/** `SHA256:` and hexadecimal digits with colons, as `openssl x509 -noout -fingerprint -sha256` has them. */
function fingerprint(pem: unknown): string {
  try {
    return `SHA256:${new X509Certificate(String(pem)).fingerprint256}`;
  } catch {
    return "unreadable";
  }
}

function explainMasterCount(value: unknown) {
  return typeof value === "number" && value % 2 === 0 && value > 0
    ? {
        reason: "an even number survives no more losses than one less, and splits in halves",
        meant: value < 5 ? value + 1 : 5,
      }
    : undefined;
}

function explainRelease(value: unknown) {
  const minor = Number(/^v?1\.(\d+)/.exec(String(value))?.[1]);
  if (minor < 31) {
    return {
      reason: "the machines' kubeadm configuration, v1beta4, came with 1.31; kubeadm refuses what is older",
    };
  }
  if (minor > 36) {
    return { reason: "the image's containerd 1.7 serves no Kubernetes after 1.36" };
  }
  return { reason: "kubeadm does not take it for a release", meant: meantRelease(String(value)) };
}

function meantRelease(text: string): string | undefined {
  const bare = text.trim().replace(/^v/, "");
  return release.schema.safeParse(bare).success ? bare : undefined;
}

function explainResolver(value: unknown) {
  return typeof value === "string" && value.startsWith("127.")
    ? {
        reason:
          "inside the gateway that is the gateway itself, not the host's resolver (127.0.0.53 is systemd-resolved's)",
      }
    : undefined;
}

function isResolver(text: string): boolean {
  return isAddress(text) && !text.startsWith("127.") && !text.startsWith("0.");
}

function isInterfaceAddress(text: string): boolean {
  const network = networkOf(text);
  return network !== undefined && isHostOf(text.split("/")[0] ?? "", network);
}

function isTimeServer(text: string): boolean {
  return isAddress(text) || isDnsName(text);
}

/** What looks like an address is none, nor a name. */
function isDnsName(text: string): boolean {
  return dnsName.test(text) && labels63(text) && !/^[\d.]+$/.test(text);
}
