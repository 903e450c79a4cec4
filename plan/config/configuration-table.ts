import { defaultConfiguration } from "./configuration";
import { allSettings } from "./schema-paths";
import type { Setting } from "./settings";

/** The table of docs/configuration.md, every key with its type, default, what a change means, and meaning. */
export function configurationTable(): string {
  const defaults = defaultConfiguration("dev");
  const rows = [...allSettings()].map(([key, setting]) => {
    const value = key
      .split(".")
      .reduce<unknown>((at, part) => (at as Record<string, unknown>)?.[part], defaults);
    return row(
      `\`${key}\``,
      kind(setting),
      // The default itself, not what it comes to on some computer.
      fallback(setting, key === "hypervisor" ? "auto" : value),
      setting.change.means,
      `${setting.description}. ${allowed(setting)}`.trim(),
    );
  });
  return `${[row("Key", "Type", "Default", "Change", "Meaning"), "|---|---|---|---|---|", ...rows].join("\n")}\n`;
}

function fallback({ derived }: Setting, value: unknown): string {
  const shown = Array.isArray(value)
    ? value.map((item) => `\`${item}\``).join(", ") || "none"
    : typeof value === "object"
      ? "none"
      : `\`${value}\``;
  if (derived === undefined) {
    return shown;
  }
  return value === undefined ? derived : `${shown} (${derived})`;
}

/** A number's kind is its range. */
function kind({ type, allowed }: Setting): string {
  return type === "integer" ? allowed.replace("a whole number", "whole number") : type;
}

/** Kinds that say all about themselves need no more words. */
function allowed({ type, allowed }: Setting): string {
  return ["string", "list", "map"].includes(type) ? `Allowed: ${allowed}.` : "";
}

function row(...cells: string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}
