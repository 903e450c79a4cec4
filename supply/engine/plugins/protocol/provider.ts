import type { PropertyChange } from "./diff";
import type { PropertyMap } from "./value";

/** What a call may use of its surroundings. */
export interface CallContext {
  /** The resource's URN. */
  urn: string;
  /** Ends when the engine cancels the deployment (or dies). */
  signal: AbortSignal;
  /** A line for the resource's status in the progress display. */
  status(message: string): void;
  /** A warning that stays in the output. */
  warn(message: string): void;
  /** An error that stays in the output. */
  error(message: string): void;
}

/** An input that can't be accepted. */
export interface CheckFailure {
  property: string;
  reason: string;
}

export interface CheckResult {
  inputs: PropertyMap;
  failures: CheckFailure[];
}

export interface DiffResult {
  /** Property path → what happened, and whether it means a new resource. */
  changes: Map<string, { change: PropertyChange; replace: boolean }>;
  /** Top-level properties whose change means a new resource. */
  replaces: string[];
  /** Whether there is anything to do. */
  changed: boolean;
}

export interface DiffRequest {
  oldInputs: PropertyMap;
  oldOutputs: PropertyMap;
  inputs: PropertyMap;
}

export interface UpdateRequest extends DiffRequest {
  preview: boolean;
}

/** One resource type of a provider. */
export interface Resource {
  check(inputs: PropertyMap): CheckResult;
  diff(request: DiffRequest): DiffResult;
  create(
    inputs: PropertyMap,
    preview: boolean,
    context: CallContext,
  ): Promise<{ id: string; outputs: PropertyMap }>;
  update(request: UpdateRequest, context: CallContext): Promise<PropertyMap>;
  delete(outputs: PropertyMap, context: CallContext): Promise<void>;
  /** What a refresh finds. */
  read(outputs: PropertyMap): PropertyMap;
}

/** A package's provider. */
export interface Provider {
  name: string;
  /** The real plugin's version that this one stands in for. */
  version: string;
  /**
   * Whether the provider keeps secret marks by itself. If not, the engine sends plain values and marks an output secret
   * where the input of the same name was.
   */
  acceptsSecrets: boolean;
  /** What is added to the provider's own configuration, which lands in the state. */
  configuration: PropertyMap;
  /** By type token. */
  resources: ReadonlyMap<string, Resource>;
}
