import { readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { defaultConfiguration, parseConfiguration } from "../../../plan/config/configuration";
import { configurationTable } from "../../../plan/config/configuration-table";
import { projectConfiguration } from "../../../plan/config/project-file";
import { schema } from "../../../plan/config/schema";
import { allSettings } from "../../../plan/config/schema-paths";
import { rawConfiguration } from "../../../plan/config/stack-configuration";
import { generatedFiles, staleFiles } from "../../../scripts/generate/files";

const project = join(__dirname, "../../..");

interface ProjectFile {
  name: string;
  config: Record<string, { type: string; description: string; default: unknown; items?: { type: string } }>;
}

const yaml = (file: string) => load(readFileSync(join(project, file), "utf8"));
const projectFile = yaml("Pulumi.yaml") as ProjectFile;
const stackFile = yaml("Pulumi.dev.yaml") as { config: Record<string, unknown> };
const topKeys = Object.keys(schema.shape);

/** Every path that leads to a value which is not an object, or is a map; a group of keys without defaults has none. */
function leaves(value: unknown, path: string[] = []): string[] {
  const isGroup = typeof value === "object" && value !== null && !Array.isArray(value);
  return isGroup && !allSettings().has(path.join("."))
    ? Object.entries(value).flatMap(([key, child]) => leaves(child, [...path, key]))
    : [path.join(".")];
}

/** As the engine hands it to a program: objects and lists as JSON. */
function asEngine(config: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [
      key,
      typeof value === "object" ? JSON.stringify(value) : String(value),
    ]),
  );
}

describe("Pulumi.yaml", () => {
  test("declares the schema's keys, in its order", () => {
    expect(projectFile.name).toBe("kube-lab");
    expect(Object.keys(projectFile.config)).toEqual(topKeys);
  });

  test("gives each a type that fits, a description and a default, without which Pulumi would demand a value", () => {
    const defaults = defaultConfiguration("dev");
    for (const [key, { type, description, default: fallback, items }] of Object.entries(projectFile.config)) {
      const value = (defaults as unknown as Record<string, unknown>)[key];
      expect([key, type]).toEqual([key, Array.isArray(value) ? "array" : typeof value]);
      expect(items).toEqual(type === "array" ? { type: "string" } : undefined);
      expect(description.length).toBeGreaterThan(10);
      expect(fallback).toBeDefined();
    }
  });

  test("has the schema's defaults, so a stack that sets nothing is the same with it or without", () => {
    const defaults = Object.entries(projectFile.config).map(([key, { default: value }]) => [
      `kube-lab:${key}`,
      value,
    ]);
    const raw = rawConfiguration(asEngine(Object.fromEntries(defaults)));
    for (const stack of ["dev", "other"]) {
      expect(parseConfiguration(raw, undefined, stack)).toEqual(defaultConfiguration(stack));
    }
  });

  test("names each key that is for a new lab only, and no other", () => {
    for (const [key, { description }] of Object.entries(projectFile.config)) {
      const below = [...allSettings()].filter(([path]) => path === key || path.startsWith(`${key}.`));
      const [kept, free] = [true, false].map((isKept) =>
        below.filter(([, { change }]) => (change.means === "for a new lab only") === isKept),
      );
      const text = /\. For a new lab only(?:: (.*))?$/.exec(description);
      expect([key, text !== null]).toEqual([key, kept?.length !== 0]);
      // Said of the whole group where it is true of all of it.
      const named: string[] = text?.[1]?.match(/\w+/g) ?? [];
      expect([key, named.length > 0]).toEqual([key, kept?.length !== 0 && free?.length !== 0]);
      const isNamed = ([path]: [string, unknown]) => path.split(".").some((part) => named.includes(part));
      if (named.length > 0) expect([kept?.every(isNamed), free?.some(isNamed)]).toEqual([true, false]);
    }
  });

  test("spells out every default that is a constant", () => {
    const constants = [...allSettings()]
      .filter(([, { derived }]) => derived === undefined)
      .map(([key]) => key);
    const spelt = Object.entries(projectFile.config).flatMap(([key, { default: value }]) =>
      leaves(value, [key]),
    );
    expect(spelt.toSorted()).toEqual(constants.toSorted());
  });
});

describe("Pulumi.dev.yaml", () => {
  test("is exactly the reference lab", () => {
    expect(parseConfiguration(rawConfiguration(asEngine(stackFile.config)))).toEqual(
      defaultConfiguration("dev"),
    );
  });

  test("shows every key that has a value, once", () => {
    const shown = Object.entries(stackFile.config).flatMap(([key, value]) =>
      leaves(value, [key.replace("kube-lab:", "")]),
    );
    const withValue = leaves(defaultConfiguration("dev")).filter((key) => allSettings().has(key));
    expect(shown.toSorted()).toEqual(withValue.toSorted());
    expect(new Set(Object.keys(stackFile.config).map((key) => key.split(":")[0]))).toEqual(
      new Set(["kube-lab"]),
    );
  });
});

describe("configurationTable", () => {
  const rows = configurationTable().trimEnd().split("\n");

  test("has a row for every key, each of five cells", () => {
    expect(rows.slice(2).map((row) => /^\| `([^`]+)`/.exec(row)?.[1])).toEqual([...allSettings().keys()]);
    expect(rows.every((row) => row.replaceAll("\\|", "").split("|").length === 7)).toBe(true);
  });

  test("shows type, default, what a change means, and meaning", () => {
    expect(rows).toContain(
      "| `masters.count` | 1, 3 or 5 | `3` | in place | How many masters, each an etcd member too. |",
    );
  });
});

describe("what npm run generate writes", () => {
  test("is as it would write it now", () => {
    expect(staleFiles(project)).toEqual([]);
  });

  test.each(Object.entries(generatedFiles))("%s is made whole out of a part", (path, textOf) => {
    const present = readFileSync(join(project, path), "utf8");
    expect(textOf(present.slice(0, Math.ceil(present.length / 2)))).toBe(present);
  });

  test("names only a part's keys that are for a new lab only", () => {
    const { networks, names, workers } = projectConfiguration();
    expect(networks?.description).toMatch(/\. For a new lab only: cidr, gateway, firstAddress$/);
    expect(names?.description).toMatch(/\. For a new lab only$/);
    expect(workers?.description).not.toContain("new lab");
  });
});
