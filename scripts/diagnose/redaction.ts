import type { LabOutputs } from "../../lab/outputs";

/** Shorter texts are words that may stand anywhere. */
const SHORTEST = 16;

/** What looks like a secret, whoever's it is. A first group is kept. */
const PATTERNS: readonly RegExp[] = [
  /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|$)/g,
  // Base64 of the same: "-----BEGIN PRIVATE", EC, RSA, OPENSSH.
  /LS0tLS1CRUdJTi(?:BQUklWQVRF|BFQyBQUklWQVRF|BSU0EgUFJJVkFURSB|BPUEVOU1NIIFBSSVZBVEUg)[A-Za-z0-9+/=]*/g,
  /((?:client-key-data|token|password|passwd|secret)["']?[ \t]*[:=][ \t]*["']?)[^\s"',}\\]{8,}/gi,
  /(initial-cluster-token["']?\s*[:=,]\s*["']?)[^\s"',}\\]+/g,
  /(\bBearer\s+)\S+/gi,
  /(\bstats auth \S+?:)\S+/g,
  // A kubeadm token; not the end of an event's name.
  /(?<![A-Za-z0-9.-])[a-z0-9]{6}\.[a-z0-9]{16}(?![A-Za-z0-9])/g,
  // A JSON web token.
  /\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*/g,
];

const MARK = "[redacted]";

/** Any private key in a text, as JSON has it or as it is. */
const KEYS = /-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----/gs;

/**
 * Every text that gives a secret of the lab away: whole, a line of it, or in base64.
 * @param state of the stack with its secrets in clear, as text: all private keys are in it
 */
export function secretTexts(
  outputs: Pick<LabOutputs, "kubeconfig" | "statistics" | "dashboard">,
  state: string,
): string[] {
  // What was JSON in JSON has several backslashes at each line's end.
  const keys = new Set((state.match(KEYS) ?? []).map((key) => `${key.replace(/\\+n/g, "\n")}\n`));
  const keyData = [...outputs.kubeconfig.matchAll(/client-key-data:\s*(\S+)/g)].map(([, data]) => data ?? "");
  const texts = [
    outputs.statistics.password,
    ...(outputs.dashboard ? [outputs.dashboard.token] : []),
    ...keyData,
    ...[...keys].flatMap((key) => [
      ...key.split("\n").filter((line) => !line.startsWith("-----")),
      Buffer.from(key).toString("base64"),
      Buffer.from(key.trim()).toString("base64"),
    ]),
  ];
  return [...new Set(texts.map((text) => text.trim()).filter((text) => text.length >= SHORTEST))];
}

/** A function that takes these texts, and whatever looks like a secret, out of a text. */
export function redactor(secrets: readonly string[]): (text: string) => string {
  // The longest first: a part of it would leave the rest.
  const known = [...secrets].sort((a, b) => b.length - a.length);
  return (text) => {
    const guessed = PATTERNS.reduce(
      (rest, pattern) =>
        rest.replace(pattern, (...match) => (typeof match[1] === "string" ? match[1] : "") + MARK),
      text,
    );
    return known.reduce((rest, secret) => rest.replaceAll(secret, MARK), guessed);
  };
}
