import * as pulumi from "@pulumi/pulumi";
import { MockMonitor } from "@pulumi/pulumi/runtime/mocks";
import { type TransformedRequest, TransformsInTest } from "./transforms-in-test";

/** One resource as the program registers it with the engine. */
export interface Registered {
  type: string;
  name: string;
  /** Name of the parent; empty for the stack's own. */
  parent: string;
  custom: boolean;
  /** As the engine gets them, secrets as `{ secret: value }`, unknowns as undefined. */
  inputs: Record<string, unknown>;
  /** Names. */
  dependencies: string[];
  /** By property: names of the resources its value comes from. */
  propertyDependencies: Record<string, string[]>;
  deletedWith: string;
  deleteBeforeReplace: boolean;
  ignoreChanges: string[];
  timeouts: { create: string; update: string; delete: string };
  isProtected: boolean;
  /** Its own: names and types. The engine adds those that follow from its parents'. */
  aliases: { name: string; type: string }[];
  /** Name of an explicit provider; empty for the package's default. */
  provider: string;
}

/** What Pulumi marks a secret by. Source: pulumi, sdk/nodejs/runtime/rpc.ts, specialSecretSig. */
const signature = "4dabf18193072939515e22adb298388d";
const secret = "1b47061264138c4ac30d75fd1eb44270";
const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** The part of the engine's protocol that is looked at. */
interface Request extends TransformedRequest {
  getDependenciesList(): string[];
  getPropertydependenciesMap(): Map<string, { getUrnsList(): string[] }>;
  getDeletedwith(): string;
  getDeletebeforereplace(): boolean;
  getIgnorechangesList(): string[];
  getCustomtimeouts(): { getCreate(): string; getUpdate(): string; getDelete(): string } | undefined;
  getProtect(): boolean;
  getAliasesList(): { getSpec(): { getName(): string; getType(): string } | undefined }[];
  getProvider(): string;
}

/** The SDK's, of which it publishes no types. */
const { getStore } = require("@pulumi/pulumi/runtime/state") as { getStore(): object };

/** Of the SDK's monitor for tests, as it is. */
const { registerResource } = MockMonitor.prototype;

/**
 * Runs a program against Pulumi's mocks and gives what it registers, in order, with all that mocks alone do not show.
 * Resources come out as they went in, plus what `outputs` adds.
 */
export async function registered<T>(
  program: () => T | Promise<T>,
  outputs: (type: string, name: string, inputs: Record<string, unknown>) => Record<string, unknown>,
  stack = "dev",
  project = "kube-lab",
): Promise<{ resources: Registered[]; result: T }> {
  const resources: Registered[] = [];
  const transforms = new TransformsInTest();
  jest.spyOn(MockMonitor.prototype, "registerResource").mockImplementation(function (
    this: MockMonitor,
    request: Request,
    answer,
  ) {
    return transforms.apply(request, answer).then((known) => {
      resources.push(read(request));
      return registerResource.call(this, request, known);
    });
  });
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => ({
        id: `${name}-id`,
        state: { ...inputs, ...outputs(type, name, inputs as Record<string, unknown>) },
      }),
      call: ({ inputs }) => inputs as Record<string, unknown>,
    },
    project,
    stack,
  );
  Object.assign(getStore(), { supportsTransforms: true, callbacks: transforms });
  const result = await program();
  // All registrations and the applies that follow from them are through.
  await pulumi.runtime.disconnect();
  return { resources, result };
}

/** An output's value, also a secret's. */
export function known<T>(output: pulumi.Input<T>): Promise<T> {
  return new Promise((resolve) => void pulumi.output(output).apply((value) => resolve(value as T)));
}

export function isSecret(output: pulumi.Output<unknown>): Promise<boolean> {
  return pulumi.isSecret(output);
}

function read(request: Request): Registered {
  const timeouts = request.getCustomtimeouts();
  return {
    type: request.getType(),
    name: request.getName(),
    parent: nameOf(request.getParent()),
    custom: request.getCustom(),
    inputs: legible(request.getObject().toJavaScript()) as Record<string, unknown>,
    dependencies: request.getDependenciesList().map(nameOf).sort(),
    propertyDependencies: Object.fromEntries(
      [...request.getPropertydependenciesMap().entries()].map(([property, urns]) => [
        property,
        urns.getUrnsList().map(nameOf).sort(),
      ]),
    ),
    deletedWith: nameOf(request.getDeletedwith()),
    deleteBeforeReplace: request.getDeletebeforereplace(),
    ignoreChanges: request.getIgnorechangesList(),
    timeouts: {
      create: timeouts?.getCreate() ?? "",
      update: timeouts?.getUpdate() ?? "",
      delete: timeouts?.getDelete() ?? "",
    },
    isProtected: request.getProtect(),
    aliases: request.getAliasesList().map((alias) => ({
      name: alias.getSpec()?.getName() ?? "",
      type: alias.getSpec()?.getType() ?? "",
    })),
    // Its URN and its id.
    provider: request.getProvider().split("::").at(-2) ?? "",
  };
}

function nameOf(urn: string): string {
  return urn.split("::").at(-1) ?? "";
}

function legible(value: unknown): unknown {
  if (value === unknown) return undefined;
  if (Array.isArray(value)) return value.map(legible);
  if (typeof value !== "object" || value === null) return value;
  const object = value as Record<string, unknown>;
  if (object[signature] === secret) return { secret: legible(object.value) };
  return Object.fromEntries(Object.entries(object).map(([key, inner]) => [key, legible(inner)]));
}
