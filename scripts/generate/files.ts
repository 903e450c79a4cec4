import { readFileSync } from "node:fs";
import { join } from "node:path";
import { dump } from "js-yaml";
import { parseConfiguration } from "../../plan/config/configuration";
import { configurationTable } from "../../plan/config/configuration-table";
import { descriptionOf, projectConfiguration, referenceConfiguration } from "../../plan/config/project-file";
import { planLab } from "../../plan/plan";
import { healthyChecks } from "../../ui/healthy-checks";
import { picture } from "../../ui/picture";

/** Of a line in YAML, characters. */
const WIDTH = 110;

/** Each file that is made from the plan, by its path in the project: its text as it is to be, out of its text as it is. */
export const generatedFiles: Readonly<Record<string, (present: string) => string>> = {
  "Pulumi.yaml": (present) => `${before(present, "config:\n")}${projectConfigurationText()}`,
  "Pulumi.dev.yaml": (present) => `${before(present, "config:\n")}${referenceText()}`,
  "docs/configuration.md": (present) =>
    `${before(present, "<!-- generated -->\n")}<!-- generated -->\n${configurationTable()}`,
  "docs/topology.svg": () => {
    const plan = planLab(parseConfiguration({ hypervisor: "virtualbox" }), "dev");
    return picture(plan, healthyChecks(plan));
  },
};

/** Paths of those whose text is another than it is to be. */
export function staleFiles(project: string): string[] {
  return Object.entries(generatedFiles)
    .filter(([path, textOf]) => {
      const present = readFileSync(join(project, path), "utf8");
      return textOf(present) !== present;
    })
    .map(([path]) => path);
}

/** What people have written above the generated part. @throws Error where that part does not begin. */
function before(text: string, begin: string): string {
  const at = text.startsWith(begin) ? 0 : text.indexOf(`\n${begin}`) + 1;
  if (at === 0 && !text.startsWith(begin))
    throw new Error(`no line ${JSON.stringify(begin.trim())} is in it`);
  return text.slice(0, at);
}

function projectConfigurationText(): string {
  const entries = Object.entries(projectConfiguration()).map(
    ([key, { default: fallback, ...about }]) =>
      `${key}:\n${indented(yaml(about, 1, WIDTH))}${indented(shortest({ default: fallback }))}`,
  );
  return `config:\n${indented(entries.join(""))}`;
}

/** Each key with a comment. */
function referenceText(): string {
  const entries = Object.entries(referenceConfiguration()).map(
    ([key, value]) => `# ${descriptionOf(key)}\n${shortest({ [`kube-lab:${key}`]: value })}`,
  );
  return `config:\n${indented(entries.join(""))}`;
}

/** In as few lines as have room for it. */
function shortest(document: object): string {
  const fits = (text: string) => text.split("\n").every((line) => line.length <= WIDTH);
  return [1, 2, 3].map((flowLevel) => yaml(document, flowLevel)).find(fits) ?? yaml(document);
}

/** @param flowLevel from which depth on a collection is in one line */
function yaml(document: object, flowLevel = -1, lineWidth = -1): string {
  return dump(document, { flowLevel, lineWidth, noRefs: true, quoteStyle: "double" });
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, "  ");
}
