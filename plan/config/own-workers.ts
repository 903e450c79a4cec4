import type { TaintPlan } from "../lab-plan";
import { type MachineName, machineNames } from "../machine-names";
import type { Configuration } from "./defaults";
import { sizeRanges, smallestWorker } from "./schema-groups";

/** What one worker has otherwise than all workers, or beside it. */
export interface OwnWorker {
  cpus?: number;
  memoryMiB?: number;
  labels: Record<string, string>;
  taints: TaintPlan[];
}

/** What is wrong with one value below `workers.machines`. */
interface WorkerFault {
  key: string;
  value: unknown;
  reason: string;
  allowed: string;
}

const keys = ["cpus", "memoryMiB", "labels", "taints"];
const effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"] as const;

/** As the API server has it: apimachinery's IsQualifiedName and IsValidLabelValue. */
const subdomain = "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const word = "[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?";
const keyForm = new RegExp(`^((?=.{1,253}/)${subdomain}/)?${word}$`);
const valueForm = new RegExp(`^(${word})?$`);
const taintForm = /^([^=:]+)(?:=([^:]*))?:(\w+)$/;

const aKey = "[DOMAIN/]NAME, NAME of at most 63 letters, digits, - _ and .";
const aTaint = `a list of KEY=VALUE:EFFECT or KEY:EFFECT as kubectl taint takes it, EFFECT one of ${effects.join(", ")}`;

/** What the kubelet, the cluster's controllers or the lab set themselves, again and again. */
const othersKeys =
  /^((beta\.)?kubernetes\.io\/(hostname|os|arch)|node\.kubernetes\.io\/.*|kube-lab\/.*|node-role\.kubernetes\.io\/(control-plane|master))$/;

/** By the names of the workers that have something of their own; what is wrong in the configuration is left out. */
export function ownWorkers(configuration: Configuration): ReadonlyMap<string, OwnWorker> {
  return readAll(configuration, []);
}

/** All that is wrong below `workers.machines`. */
export function ownWorkerFaults(configuration: Configuration): WorkerFault[] {
  const faults: WorkerFault[] = [];
  readAll(configuration, faults);
  return faults;
}

function readAll(configuration: Configuration, faults: WorkerFault[]): Map<string, OwnWorker> {
  const names = machineNames(configuration);
  const given = Object.entries(configuration.workers.machines);
  return new Map(
    given.flatMap(([name, own]) => {
      const key = `workers.machines.${name}`;
      const fault = nameFault(name, key, names);
      if (fault !== undefined) faults.push(fault);
      if (!isObject(own)) {
        faults.push({ key, value: shown(own), reason: "it is no object", allowed: anObject });
        return [];
      }
      const read = readWorker(own, key, faults);
      return fault === undefined ? [[name, read] as const] : [];
    }),
  );
}

const anObject = `an object with ${keys.join(", ")}`;

function nameFault(name: string, key: string, names: readonly MachineName[]): WorkerFault | undefined {
  const workers = names.filter(({ role }) => role === "worker").map((machine) => machine.name);
  if (workers.includes(name)) return undefined;
  const reason = names.some((machine) => machine.name === name)
    ? "it is no worker"
    : `no worker of the lab is called ${name}`;
  const allowed =
    workers.length === 0 ? "nothing, since there are no workers" : `one of ${workers.join(", ")}`;
  return { key, value: "(a worker)", reason, allowed };
}

function readWorker(given: Record<string, unknown>, key: string, faults: WorkerFault[]): OwnWorker {
  for (const name of Object.keys(given).filter((each) => !keys.includes(each)))
    faults.push({
      ...{ key: `${key}.${name}`, value: shown(given[name]) },
      ...{ reason: "there is no such key", allowed: anObject },
    });
  const ranges = sizeRanges(smallestWorker);
  const size = (name: "cpus" | "memoryMiB") => {
    if (given[name] === undefined) return {};
    const result = ranges[name].schema.safeParse(given[name]);
    if (result.success) return { [name]: result.data };
    const { allowed } = ranges[name];
    faults.push({ key: `${key}.${name}`, value: shown(given[name]), reason: "it is out of range", allowed });
    return {};
  };
  return {
    ...size("cpus"),
    ...size("memoryMiB"),
    labels: readLabels(given.labels, `${key}.labels`, faults),
    taints: readTaints(given.taints, `${key}.taints`, faults),
  };
}

function readLabels(given: unknown, key: string, faults: WorkerFault[]): Record<string, string> {
  if (given === undefined) return {};
  if (!isObject(given)) {
    faults.push({ key, value: shown(given), reason: "it is no map", allowed: `a map of ${aKey} to values` });
    return {};
  }
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) => {
      const at = `${key}["${name}"]`;
      const text = isScalar(value) ? String(value) : undefined;
      const reason = keyFault(name);
      if (reason !== undefined) faults.push({ key: at, value: shown(value), reason, allowed: aKey });
      if (text === undefined || !valueForm.test(text))
        faults.push({
          ...{ key: at, value: shown(value), reason: "it is no label's value" },
          allowed: "nothing, or at most 63 letters, digits, - _ and ., the first and last a letter or digit",
        });
      return reason === undefined && text !== undefined ? [[name, text] as const] : [];
    }),
  );
}

function readTaints(given: unknown, key: string, faults: WorkerFault[]): TaintPlan[] {
  // `pulumi config set` stores text.
  const list = typeof given === "string" ? given.split(",").map((each) => each.trim()) : (given ?? []);
  if (!Array.isArray(list)) {
    faults.push({ key, value: shown(given), reason: "it is no list", allowed: aTaint });
    return [];
  }
  const taints: TaintPlan[] = [];
  list.forEach((item: unknown, i) => {
    const taint = taintOf(item);
    const reason = taint === undefined ? "it is no taint" : taintFault(taint, taints);
    if (taint !== undefined && reason === undefined) taints.push(taint);
    else faults.push({ key: `${key}[${i}]`, value: shown(item), reason: reason ?? "", allowed: aTaint });
  });
  return taints;
}

function taintOf(item: unknown): TaintPlan | undefined {
  const [, key, value, word] = (typeof item === "string" && taintForm.exec(item)) || [];
  const effect = effects.find((each) => each === word);
  if (key === undefined || effect === undefined || (value !== undefined && !valueForm.test(value)))
    return undefined;
  return { key, ...(value && { value }), effect };
}

function taintFault(taint: TaintPlan, others: readonly TaintPlan[]): string | undefined {
  const twin = others.some(({ key, effect }) => key === taint.key && effect === taint.effect);
  return twin ? "a node has each key once with an effect" : keyFault(taint.key);
}

function keyFault(key: string): string | undefined {
  if (!keyForm.test(key)) return `${key} is no key`;
  return othersKeys.test(key) ? `${key} is set by the cluster or the lab itself` : undefined;
}

function shown(value: unknown): unknown {
  return isScalar(value) ? value : "(not shown)";
}

function isScalar(value: unknown): value is string | number | boolean {
  return ["string", "number", "boolean"].includes(typeof value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
