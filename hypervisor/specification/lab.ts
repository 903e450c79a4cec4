import type { Hypervisor } from "../../plan/lab-plan";
import { NAME, NAME_SOURCE, Reader } from "./reader";

/** What every verb needs to know: which hypervisor, and which lab's things are touched. */
export interface LabSpecification {
  hypervisor: Hypervisor;
  /** Group of all machines of the lab in the hypervisor, and its folder's name: `/kube-lab/dev`. */
  group: string;
}

export interface MachineReference extends LabSpecification {
  /** The hypervisor's name: `kube-lab-dev-kube-mast01`. */
  machine: string;
}

/** `kube-lab-dev` for the group `/kube-lab/dev`. */
export function labelOf(group: string): string {
  return group.split("/").filter(Boolean).join("-");
}

/** `kube-lab-dev-kube-mast01` in the group `/kube-lab/dev` is kube-mast01 to a person. */
export function shortName({ machine, group }: Pick<MachineReference, "machine" | "group">): string {
  const prefix = `${labelOf(group)}-`;
  return machine.startsWith(prefix) ? machine.slice(prefix.length) : machine;
}

const NAME_AND_TOKEN = new RegExp(`^${NAME_SOURCE} \\S`);

const GROUP = new RegExp(`^(?:/${NAME_SOURCE}){1,3}$`);

/** Which hypervisor and which lab. */
export function labIn(reader: Reader): LabSpecification {
  return {
    hypervisor: hypervisorIn(reader),
    group: reader.text("GROUP", GROUP, "a group such as /kube-lab/dev"),
  };
}

/** `virtualbox` or `embedded`. */
export function hypervisorIn(reader: Reader): Hypervisor {
  return reader.text("HYPERVISOR", /^(?:virtualbox|embedded)$/, "virtualbox or embedded") as Hypervisor;
}

/** The token by which a change of what is there becomes a change of the command. */
export function incarnationIn(reader: Reader): string {
  return reader.text("INCARNATION", /\S/, "a token that names this incarnation of the machine or lab");
}

/** Which machine of which lab. */
export function referenceIn(reader: Reader): MachineReference {
  return {
    ...labIn(reader),
    machine: reader.text("MACHINE", NAME, "a name such as kube-lab-dev-kube-mast01"),
  };
}

/** For `machine absent`, `disk absent`, `seed ensure|absent`: which machine of which lab. @throws SpecificationError with every problem. */
export function readMachineReference(environment: NodeJS.ProcessEnv): MachineReference {
  const reader = new Reader(environment);
  return reader.finish(referenceIn(reader));
}

/** For `seed seal`: which machines of which lab. @throws SpecificationError with every problem. */
export function readSeedReferences(environment: NodeJS.ProcessEnv): MachineReference[] {
  const reader = new Reader(environment);
  const all = labIn(reader);
  const names = reader.names().filter((name) => name.startsWith("SEED_"));
  if (names.length === 0) reader.problem("SEED_*", "is missing", "at least one machine");
  return reader.finish(
    names.map((name) => {
      const text = reader.text(name, NAME_AND_TOKEN, "a machine's name and its incarnation");
      return { ...all, machine: text.split(" ")[0] ?? "" };
    }),
  );
}

/** For `network absent`. @throws SpecificationError with every problem. */
export function readLabSpecification(environment: NodeJS.ProcessEnv): LabSpecification {
  const reader = new Reader(environment);
  return reader.finish(labIn(reader));
}
