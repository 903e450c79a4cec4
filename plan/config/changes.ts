import type { Hypervisor } from "../lab-plan";
import type { Configuration } from "./defaults";
import { allSettings, valueAt } from "./schema-paths";
import type { Setting } from "./settings";

/**
 * What a lab that lives was made with: the values of the keys that are for a new lab only, as text, by their names in an
 * environment: `NETWORKS_MAST_CIDR` → `192.168.1.0/24`. What is not in it is not known, and free. Nothing in it is secret.
 */
export type LivingLab = Readonly<Record<string, string>>;

/** The keys that a living lab keeps, in the schema's order; an authority's key is kept by its certificate. */
export function keptSettings(): [string, Setting][] {
  return [...allSettings()].filter(
    ([, { change, secret }]) => change.means === "for a new lab only" && secret !== true,
  );
}

/** What a lab of that configuration is made with. */
export function madeWith(configuration: Configuration): LivingLab {
  return Object.fromEntries(
    keptSettings().map(([key, setting]) => [
      entryName(key),
      textOf(setting, valueAt(configuration, key.split("."))),
    ]),
  );
}

/** `NETWORKS_MAST_FIRST_ADDRESS` of `networks.mast.firstAddress`. */
export function entryName(key: string): string {
  return key
    .replace(/(?<=[a-z])(?=[A-Z])/g, "_")
    .replace(/[.-]/g, "_")
    .toUpperCase();
}

/** What `auto` means for a lab that lives, whatever its computer could run today; undefined where none lives. */
export function livingHypervisor({ HYPERVISOR }: LivingLab): Hypervisor | undefined {
  return HYPERVISOR === "virtualbox" || HYPERVISOR === "embedded" ? HYPERVISOR : undefined;
}

/** Keys in which a configuration differs from what the lab was made with. */
export function departures(configuration: Configuration, living: LivingLab): string[] {
  const wished = madeWith(configuration);
  return keptSettings()
    .map(([key]) => key)
    .filter((key) => {
      const name = entryName(key);
      return living[name] !== undefined && living[name] !== wished[name];
    });
}

/**
 * A raw configuration with the living lab's values in place of its own.
 * @param keys which; those of which only a digest is known stay as they are
 */
export function withLivingValues(
  raw: Record<string, unknown>,
  living: LivingLab,
  keys = keptSettings().map(([key]) => key),
): Record<string, unknown> {
  const digested = new Set(keptSettings().flatMap(([key, { digest }]) => (digest ? [key] : [])));
  return keys.reduce((values, key) => {
    const value = living[entryName(key)];
    return value === undefined || digested.has(key) ? values : replaced(values, key.split("."), value);
  }, raw);
}

/** A copy with one value replaced; what is no group on the way to it is one then. */
function replaced(group: unknown, [head = "", ...rest]: string[], value: string): Record<string, unknown> {
  const keys = typeof group === "object" && !Array.isArray(group) ? (group as Record<string, unknown>) : {};
  return { ...keys, [head]: rest.length === 0 ? value : replaced(keys[head], rest, value) };
}

function textOf({ digest, derived = "" }: Setting, value: unknown): string {
  if (value === undefined) return derived;
  return digest?.(value) ?? String(value);
}
