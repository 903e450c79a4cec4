import type { Check } from "../lab/check";
import { verdict } from "../lab/status-text";
import type { LabLook, LabPage } from "../lab/watcher";
import type { LabPlan, MachinePlan, Role } from "../plan/lab-plan";
import { subnetOf } from "../plan/machine-names";
import { checksOf, type Health, healthOf, virtualIpHolder } from "./health";
import { topology } from "./topology";

/** All that the page shows of a look. What is not in here never leaves the server. */
export interface LabView {
  stack: string;
  /** When the look ended, ISO 8601. */
  time: string;
  health: Health;
  /** One sentence about the whole lab. */
  summary: string;
  /** Why there is nothing to see, where there is not. */
  problem?: string;
  machines: MachineView[];
  checks: Check[];
  virtualIp: { address: string; holder?: string };
  certificates: CertificateView[];
  pages: LabPage[];
  /** SVG without a style of its own. */
  topology: string;
}

interface MachineView {
  name: string;
  role: string;
  network: string;
  address: string;
  cpus: number;
  memoryMiB: number;
  health: Health;
  /** What the machine says, or else the hypervisor of it: `running; converged`, `missing`. */
  detail: string;
}

interface CertificateView {
  name: string;
  expires: string;
  days: number;
  /** `due`: the next `npm run up` renews it. */
  state: "valid" | "due" | "expired";
}

const roleNames: Record<Role, string> = {
  gateway: "gateway",
  loadBalancer: "load balancer",
  master: "master",
  worker: "worker",
  gluster: "Gluster",
};

const hourMs = 3600 * 1000;

export function labView(look: LabLook): LabView {
  const { plan, checks, problem } = look;
  const holder = virtualIpHolder(checks);
  return {
    stack: plan.stack,
    time: look.time.toISOString(),
    health: healthOf(checks),
    summary: problem === undefined ? verdict(checks) : "There is no lab to look at.",
    ...(problem === undefined ? {} : { problem }),
    machines: plan.machines.map((machine) => machineView(machine, look)),
    checks: [...checks],
    virtualIp: { address: plan.virtualIp, ...(holder === undefined ? {} : { holder }) },
    certificates: look.certificates.map(({ name, end }) => certificateView(name, end, look.time, plan)),
    pages: look.pages,
    topology: topology(plan, checks),
  };
}

function machineView(machine: MachinePlan, { checks, states }: LabLook): MachineView {
  const { name, role, address, cpus, memoryMiB } = machine;
  const own = checksOf(name, checks);
  const said = own.find(({ kind }) => kind === "machine")?.detail;
  return {
    name,
    role: roleNames[role],
    network: role === "gateway" ? "all" : subnetOf[role],
    address,
    cpus,
    memoryMiB,
    health: healthOf(own),
    detail: said ?? states.get(name) ?? "unknown",
  };
}

function certificateView(name: string, end: Date, now: Date, { certificates }: LabPlan): CertificateView {
  const hours = (end.getTime() - now.getTime()) / hourMs;
  const state = hours <= 0 ? "expired" : hours <= certificates.renewalHours ? "due" : "valid";
  return { name, expires: end.toISOString(), days: Math.floor(hours / 24), state };
}
