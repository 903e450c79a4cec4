import type { Command } from "../../lib/run";

/** The keys of Debian's archive; package debian-archive-keyring. */
const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

const format = "$(ORIGIN)|$(LABEL)|$(REPO_URI)";

/** Asks apt which archives this computer uses. */
export const indexTargets: Command = {
  program: "apt-get",
  arguments: ["indextargets", "--format", format, "Created-By: Packages", "Component: main"],
  timeoutSeconds: 30,
  remedy: "It is part of Debian's package apt.",
};

/**
 * Lines of sources.list for a suite, from the Debian mirror that this computer itself uses, checked against Debian's keys.
 * Empty when it uses none (another distribution, or no `apt-get update` yet): then mmdebstrap's own default is right.
 * @param targets what {@link indexTargets} prints
 */
export function debianSources(targets: string, suite: string): string[] {
  const addresses = mirrors(targets);
  const main = addresses.get("Debian");
  if (main === undefined) return [];
  const security = addresses.get("Debian-Security");
  return [
    source(main, suite, "main"),
    source(main, `${suite}-updates`, "main"),
    ...(security === undefined ? [] : [source(security, `${suite}-security`, "main")]),
  ];
}

/**
 * The line of sources.list for Debian's unstable suite, which has neither updates nor security of its own.
 * @param targets what {@link indexTargets} prints
 */
export function unstableSource(targets: string, components: string): string {
  return source(mirrors(targets).get("Debian") ?? "http://deb.debian.org/debian", "unstable", components);
}

/** Asks apt for this computer's settings, which mmdebstrap does not read. */
export const aptSettings: Command = {
  program: "apt-config",
  arguments: ["dump", "--no-empty", "--format", '%F "%v";%n'],
  timeoutSeconds: 30,
  remedy: "It is part of Debian's package apt.",
};

/**
 * Of these settings what decides whether packages can be had: proxies, and how old a mirror's list may be.
 * @param settings what {@link aptSettings} prints
 */
export function reachSettings(settings: string): string[] {
  const kept = /^Acquire::(?:https?::(?:Proxy|CAInfo|Verify)|Check-Valid-Until|Check-Date)\b/;
  return settings.split("\n").filter((line) => kept.test(line));
}

/** Addresses by label: `Debian`, `Debian-Security`. */
function mirrors(targets: string): Map<string, string> {
  const addresses = new Map<string, string>();
  for (const target of targets.split("\n")) {
    const [origin, label, address] = target.split("|");
    if (origin !== "Debian" || label === undefined || address === undefined) continue;
    if (!addresses.has(label)) addresses.set(label, address);
  }
  return addresses;
}

function source(address: string, suite: string, components: string): string {
  return `deb [signed-by=${keyring}] ${address} ${suite} ${components}`;
}
