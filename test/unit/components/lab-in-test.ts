import { Lab, type LabArgs } from "../../../components/lab";
import { machineEnvironment } from "../../../hypervisor/environment";
import { wantedHardware } from "../../../hypervisor/machine/hardware";
import type { Observation } from "../../../hypervisor/reality/observation";
import { readMachineSpecification } from "../../../hypervisor/specification/machine";
import { parseConfiguration } from "../../../plan/config/configuration";
import type { LabPlan, MachinePlan } from "../../../plan/lab-plan";
import { planLab } from "../../../plan/plan";
import { type Registered, registered } from "./registered";

export const baseDisk = { template: "kube-lab-image-0a1b2c3d4e5f", path: "/cache/disk.img" };

export function planOf(configuration: Record<string, unknown> = {}): LabPlan {
  return planLab(parseConfiguration(configuration), "dev");
}

/** As if nothing of the lab was there yet. */
export function nothingThere(plan: LabPlan): Map<string, Observation> {
  return observed(plan, { state: "missing", changed: [], incarnation: "2026-11-21T04:33:10Z missing" });
}

/** As if every machine ran as the last `up` left it. */
export function allRunning(plan: LabPlan): Map<string, Observation> {
  return observed(plan, { state: "running", changed: [], incarnation: "2026-11-20T10:00:00Z missing" });
}

/** As if every machine ran with the hardware that this plan gives it. */
export function runningAs(plan: LabPlan): Map<string, Observation> {
  const hardwareOf = (machine: MachinePlan) => {
    const environment = { ...machineEnvironment(plan, machine, "image", "token"), HOST_KEY: "SHA256:key" };
    return wantedHardware(readMachineSpecification(environment));
  };
  const seen = allRunning(plan);
  for (const machine of plan.machines) {
    const observation = seen.get(machine.name);
    if (observation) seen.set(machine.name, { ...observation, hardware: hardwareOf(machine) });
  }
  return seen;
}

function observed(plan: LabPlan, observation: Observation): Map<string, Observation> {
  const names = [...plan.machines.map(({ name }) => name), baseDisk.template];
  return new Map(names.map((name) => [name, { ...observation }]));
}

interface Given {
  observations?: Map<string, Observation>;
  givenAuthorities?: LabArgs["givenAuthorities"];
  archives?: NonNullable<LabArgs["archives"]>;
  own?: NonNullable<LabArgs["own"]>;
  outside?: NonNullable<LabArgs["outside"]>;
  baseDisk?: LabArgs["baseDisk"];
}

/** The lab's whole tree as it is registered, and its outputs. */
export async function labOf(plan: LabPlan, given: Given = {}) {
  const { observations = nothingThere(plan), givenAuthorities = {}, archives = [], own = new Map() } = given;
  const incarnation = "2026-11-20T10:00:00Z missing";
  const disk = "baseDisk" in given ? given.baseDisk : baseDisk;
  const args = { plan, incarnation, observations, baseDisk: disk, givenAuthorities, archives, own };
  const { outside } = given;
  const { resources, result } = await registered(
    () => new Lab("lab", { ...args, ...(outside && { outside }) }).outputs,
    resourceOutputs,
  );
  const byName = new Map(resources.map((resource) => [resource.name, resource]));
  const resource = (name: string): Registered => {
    const found = byName.get(name);
    if (found === undefined) throw new Error(`no resource ${name} among ${[...byName.keys()].join(", ")}`);
    return found;
  };
  return { resources, resource, outputs: result };
}

/** What a private key's text says of itself, so that a test finds it wherever it went. */
const privateText = (name: string) => `PRIVATE(${name})`;

/** What the real providers would add to a resource's inputs. */
export function resourceOutputs(
  type: string,
  name: string,
  inputs: Record<string, unknown>,
): Record<string, unknown> {
  switch (type) {
    case "tls:index/privateKey:PrivateKey":
      return {
        privateKeyPem: secretValue(privateText(name)),
        privateKeyOpenssh: secretValue(privateText(name)),
        publicKeyPem: `PUBLIC(${name})`,
        publicKeyOpenssh: `ssh-ed25519 ${name}\n`,
        publicKeyFingerprintSha256: `SHA256:${name}`,
      };
    case "tls:index/certRequest:CertRequest":
      return { certRequestPem: `REQUEST(${name})` };
    case "tls:index/selfSignedCert:SelfSignedCert":
    case "tls:index/locallySignedCert:LocallySignedCert":
      return { certPem: `CERTIFICATE(${name})`, validityEndTime: "2031-01-01T00:00:00Z" };
    case "random:index/randomPassword:RandomPassword":
      return { result: secretValue(privateText(name).padEnd(Number(inputs.length), "x")) };
    case "command:local:Command":
      return { stdout: inputs.create === "machine ensure" ? report : "", stderr: "" };
    default:
      return {};
  }
}

const report = JSON.stringify({ uuid: "1", state: "running", started: "2026-11-21T04:33:10Z" });

/** A secret as a provider returns one. */
function secretValue(value: string) {
  return { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value };
}
