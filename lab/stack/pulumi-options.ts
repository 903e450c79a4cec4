import type { Options } from "../../lib/command-line";

const shown = {
  color: { type: "string", value: "WHEN", does: "always, never, raw or auto" },
  debug: { type: "boolean", short: "d", does: "everything that Pulumi does" },
  diff: { type: "boolean", does: "every property that changes" },
  json: { type: "boolean", short: "j", does: "as JSON" },
  logflow: { type: "boolean", does: "plugins log as much as Pulumi" },
  logtostderr: { type: "boolean", does: "Pulumi's log on standard error" },
  message: { type: "string", short: "m", value: "TEXT", does: "a note for the history" },
  "show-config": { type: "boolean", does: "the configuration, too" },
  "show-full-output": { type: "boolean", does: "long values whole" },
  "show-replacement-steps": { type: "boolean", does: "each step of a replacement" },
  "show-sames": { type: "boolean", does: "what does not change, too" },
  "suppress-progress": { type: "boolean", does: "no dots" },
  urns: { type: "boolean", does: "whole names of resources" },
  verbose: { type: "string", short: "v", value: "LEVEL", does: "how much Pulumi's log says" },
} as const satisfies Options;

/** Restrict an operation to a part of the lab. */
const chosen = {
  target: {
    type: "string",
    short: "t",
    multiple: true,
    value: "URN",
    does: "this resource alone; repeatable",
  },
  "target-dependents": { type: "boolean", does: "and what depends on it" },
  exclude: { type: "string", multiple: true, value: "URN", does: "all but this resource; repeatable" },
} as const satisfies Options;

const changing = {
  ...shown,
  ...chosen,
  "exclude-dependents": { type: "boolean", does: "nor what depends on it" },
  "expect-no-changes": { type: "boolean", does: "ends with an error where something changes" },
  replace: { type: "string", multiple: true, value: "URN", does: "recreates this resource; repeatable" },
} as const satisfies Options;

/**
 * What of Pulumi's options is handed on: what a person may want to see, and which part of the lab is meant. All that leads
 * Pulumi to another project, stack, configuration or state is ours to say.
 */
export const pulumiOptions = {
  preview: changing,
  up: { ...changing, "continue-on-error": { type: "boolean", does: "goes on where that is possible" } },
  destroy: {
    ...shown,
    ...chosen,
    "continue-on-error": { type: "boolean", does: "goes on where that is possible" },
    "preview-only": { type: "boolean", does: "shows what would go, and leaves it" },
  },
} as const satisfies Record<string, Options>;

/** The options as Pulumi's command line has them. */
export function forPulumi(values: Record<string, string | boolean | string[] | undefined>): string[] {
  return Object.entries(values).flatMap(([name, value]) => {
    if (value === undefined) return [];
    if (typeof value === "boolean") return value ? [`--${name}`] : [];
    return [value].flat().map((each) => `--${name}=${each}`);
  });
}
