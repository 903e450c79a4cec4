import { diffMaps, topLevel } from "../protocol/diff";
import type {
  CallContext,
  CheckFailure,
  CheckResult,
  DiffRequest,
  DiffResult,
  Resource,
  UpdateRequest,
} from "../protocol/provider";
import {
  containsUnknown,
  isUnknown,
  type PropertyMap,
  reveal,
  secret,
  unknown,
  type Value,
} from "../protocol/value";
import { differs, hasType, markSecrets, type Schema } from "./attribute";

/** A resource of a Terraform provider that Pulumi has bridged. */
export interface BridgedResourceDefinition {
  schema: Schema;
  /** The upstream schema's version; the bridge writes it into the state if it isn't 0. */
  schemaVersion: number;
  /**
   * Upstream's own changes to a plan, on top of the schema's. They may edit `planned`.
   * @returns Attributes because of which the resource must be replaced.
   */
  modifyPlan?(planned: PropertyMap, prior: PropertyMap | undefined, inputs: PropertyMap): string[];
  /** Makes the resource. Returns its id and the values of the computed attributes. */
  create(planned: PropertyMap, context: CallContext): Promise<{ id: string; computed: PropertyMap }>;
  /** What a refresh changes in the state. */
  refresh?(state: PropertyMap): PropertyMap;
  /** What's wrong with several inputs together. */
  problems?(inputs: PropertyMap): CheckFailure[];
}

/**
 * Behaves like a plugin-framework resource behind pulumi-terraform-bridge 3.13x (pkg/pf/tfbridge): a diff is the difference
 * between the prior state and the plan for the current inputs; nulls are left out of the state.
 */
export class BridgedResource implements Resource {
  constructor(private readonly definition: BridgedResourceDefinition) {}

  check(inputs: PropertyMap): CheckResult {
    const { schema, problems } = this.definition;
    const plain = revealAll(inputs);
    const failures = Object.entries(plain).flatMap(([key, value]) => this.checkInput(key, value));
    for (const [key, { mode }] of Object.entries(schema)) {
      if (mode === "required" && plain[key] === undefined) {
        failures.push({ property: key, reason: `Missing required property '${key}'` });
      }
    }
    if (failures.length === 0) {
      failures.push(...(problems?.(plain) ?? []));
    }
    return { inputs: markSecrets(plain, schema, secret), failures };
  }

  diff({ oldOutputs, inputs }: DiffRequest): DiffResult {
    const prior = this.attributes(oldOutputs);
    const { planned, replaces } = this.plan(revealAll(inputs), prior);
    const changes = diffMaps(prior, planned);
    return {
      changes: new Map(
        [...changes].map(([path, change]) => [path, { change, replace: replaces.includes(topLevel(path)) }]),
      ),
      replaces,
      changed: changes.size > 0,
    };
  }

  async create(inputs: PropertyMap, preview: boolean, context: CallContext) {
    const { planned } = this.plan(revealAll(inputs), undefined);
    if (preview) {
      return { id: "", outputs: this.outputs(planned) };
    }
    const { id, computed } = await this.definition.create(withoutUnknowns(planned), context);
    return { id, outputs: this.outputs({ ...withoutUnknowns(planned), ...computed }) };
  }

  async update({ oldOutputs, inputs, preview }: UpdateRequest): Promise<PropertyMap> {
    const { planned } = this.plan(revealAll(inputs), this.attributes(oldOutputs));
    return this.outputs(preview ? planned : withoutUnknowns(planned));
  }

  async delete(): Promise<void> {
    // There is nothing but the state.
  }

  read(outputs: PropertyMap): PropertyMap {
    const state = this.attributes(outputs);
    return this.outputs(this.definition.refresh?.(state) ?? state);
  }

  private checkInput(key: string, value: Value): CheckFailure[] {
    const attribute = this.definition.schema[key];
    if (attribute === undefined || attribute.mode === "computed") {
      const settable = Object.entries(this.definition.schema).filter(([, { mode }]) => mode !== "computed");
      const names = settable.map(([name]) => name).join(", ");
      return [{ property: key, reason: `'${key}' can't be set by this stand-in; it knows ${names}` }];
    }
    if (containsUnknown(value)) {
      return [];
    }
    if (!hasType(value, attribute.type)) {
      return [{ property: key, reason: `'${key}' must be of type ${attribute.type}` }];
    }
    const problem = attribute.problem?.(value);
    return problem === undefined ? [] : [{ property: key, reason: `'${key}': ${problem}` }];
  }

  /** The framework's plan: inputs, else defaults, else what is in the state, else unknown. */
  private plan(
    inputs: PropertyMap,
    prior: PropertyMap | undefined,
  ): { planned: PropertyMap; replaces: string[] } {
    const planned: PropertyMap = {};
    for (const [key, attribute] of Object.entries(this.definition.schema)) {
      const value =
        inputs[key] ?? attribute.default ?? (attribute.mode === "optional" ? undefined : prior?.[key]);
      if (value !== undefined) {
        planned[key] = value;
      } else if (attribute.mode !== "optional" && prior === undefined) {
        planned[key] = unknown;
      }
    }
    const forced = this.definition.modifyPlan?.(planned, prior, inputs) ?? [];
    if (prior === undefined) {
      return { planned, replaces: [] };
    }
    const required = Object.entries(this.definition.schema)
      .filter(
        ([key, { replace }]) => differs(prior[key], planned[key]) && replace?.(prior[key], planned[key]),
      )
      .map(([key]) => key);
    return { planned, replaces: [...new Set([...required, ...forced])].sort() };
  }

  /** The state's attributes, without secret marks and the bridge's own keys. */
  private attributes(outputs: PropertyMap): PropertyMap {
    const known = Object.entries(outputs).filter(([key]) => key in this.definition.schema);
    return revealAll(Object.fromEntries(known));
  }

  private outputs(attributes: PropertyMap): PropertyMap {
    const { schema, schemaVersion } = this.definition;
    const marked = markSecrets(attributes, schema, secret);
    return schemaVersion === 0
      ? marked
      : { ...marked, __meta: JSON.stringify({ schema_version: `${schemaVersion}` }) };
  }
}

function revealAll(values: PropertyMap): PropertyMap {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, reveal(value)]));
}

function withoutUnknowns(values: PropertyMap): PropertyMap {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => !isUnknown(value)));
}
