import * as command from "@pulumi/command";
import type * as pulumi from "@pulumi/pulumi";
import { Lab } from "../../../components/lab";
import { baseDisk, nothingThere, planOf, resourceOutputs } from "./lab-in-test";
import { type Registered, registered } from "./registered";

/** One machine of every role. */
const plan = planOf({ masters: { count: 1 }, workers: { count: 1 }, loadBalancers: { count: 1 } });

/** Every resource of a lab that was made with such options; the lab itself is the first. */
async function labWith(options: () => pulumi.ComponentResourceOptions): Promise<Registered[]> {
  const args = {
    plan,
    incarnation: "2026-11-20T10:00:00Z missing",
    observations: nothingThere(plan),
    baseDisk,
    givenAuthorities: {},
  };
  const { resources } = await registered(() => new Lab("lab", args, options()), resourceOutputs);
  return resources.filter(({ type }) => !type.startsWith("pulumi:"));
}

const isCommand = ({ type }: Registered) => type.startsWith("command:");
/** A machine's, a node's and a key's among them. */
const many = 80;

test("protect reaches every resource", async () => {
  const resources = await labWith(() => ({ protect: true }));
  expect(resources.length).toBeGreaterThan(many);
  expect(resources.filter(({ isProtected }) => !isProtected)).toEqual([]);
});

test("without it none is protected", async () => {
  const resources = await labWith(() => ({}));
  expect(resources.filter(({ isProtected }) => isProtected)).toEqual([]);
});

test("a transform is asked about every resource, and what it gives is what is registered", async () => {
  const asked: string[] = [];
  const transform: pulumi.ResourceTransform = ({ name, type, props, opts }) => {
    asked.push(name);
    if (!type.startsWith("command:")) return undefined;
    return { props: { ...props, logging: "none" }, opts };
  };
  const resources = await labWith(() => ({ transforms: [transform] }));
  expect(asked.sort()).toEqual(resources.map(({ name }) => name).sort());
  const commands = resources.filter(isCommand);
  expect(commands.length).toBeGreaterThan(20);
  expect(commands.filter(({ inputs }) => inputs.logging !== "none")).toEqual([]);
});

test("aliases are the lab's own beside the type of earlier versions, and every resource is below it", async () => {
  const resources = await labWith(() => ({ aliases: [{ name: "first" }] }));
  const [lab, ...others] = resources;
  expect(lab?.aliases).toEqual([
    { name: "first", type: "" },
    { name: "", type: "lab:index:Lab" },
  ]);
  // By its name the engine knows what a resource was called before: that of its parent, and more.
  expect(others.filter(({ name, parent }) => !name.startsWith(`${parent}-`))).toEqual([]);
});

test("a provider is that of every resource of its package", async () => {
  const resources = await labWith(() => ({ providers: { command: new command.Provider("elsewhere") } }));
  const strays = resources.filter(isCommand).filter(({ provider }) => provider !== "elsewhere");
  expect(strays.map(({ name }) => name)).toEqual([]);
});
