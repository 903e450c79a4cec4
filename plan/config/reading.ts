import { type Problem, visible } from "./problems";
import { type Fallback, refusedValue, unknownKey } from "./refusals";
import { type Settings, schema } from "./schema";
import { leafPath, type Path, remove, valueAt } from "./schema-paths";

/** The schema's verdict: what can be used, with defaults in place of what is wrong, and what is wrong. */
export interface Reading {
  settings: Settings;
  problems: Problem[];
}

const MOST_ROUNDS = 10;

/** Reads raw values key by key. `fallback` says what a fix may suggest for a key. */
export function read(raw: Record<string, unknown>, fallback: Fallback): Reading {
  const usable = structuredClone(raw);
  const problems: Problem[] = [];
  // Every round takes out what it refuses, and no value is deeper than the schema: few rounds are needed.
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const result = schema.safeParse(usable);
    if (result.success) {
      return { settings: result.data, problems };
    }
    for (const issue of result.error.issues) {
      const unknown = issue.code === "unrecognized_keys" ? issue.keys : [];
      const paths: Path[] = unknown.map((key) => [...issue.path, key]);
      for (const path of paths) {
        problems.push(unknownKey(path, visible(valueAt(raw, path))));
        remove(usable, path);
      }
      if (paths.length === 0) {
        problems.push(refusedValue(issue.path, valueAt(raw, issue.path), fallback));
        remove(usable, leafPath(issue.path));
      }
    }
  }
  throw new Error(
    `the configuration could not be read in ${MOST_ROUNDS} rounds: ${JSON.stringify(problems)}`,
  );
}
