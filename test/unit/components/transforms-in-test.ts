import type * as pulumi from "@pulumi/pulumi";
import { Callback } from "@pulumi/pulumi/proto/callback_pb";

/** The part of a registration that the engine's work with transforms needs. */
export interface TransformedRequest {
  getType(): string;
  getName(): string;
  getParent(): string;
  getCustom(): boolean;
  getObject(): Struct;
  setObject(properties: Struct): void;
  getTransformsList(): { getToken(): string }[];
}

interface Struct {
  toJavaScript(): Record<string, unknown>;
  constructor: unknown;
}

type Answer = (error: unknown, response: { getUrn(): string } | undefined) => void;

/**
 * What the engine does with `transforms`, which mocks leave out: a resource's own are asked first, then its parent's, and so on up.
 * Source: pulumi, pkg/resource/deploy/source_eval.go, RegisterResource. Options stay as they are.
 */
export class TransformsInTest {
  private readonly transforms: pulumi.ResourceTransform[] = [];
  private readonly byUrn = new Map<string, pulumi.ResourceTransform[]>();

  /** In place of the SDK's server of callbacks. */
  async registerTransform(transform: pulumi.ResourceTransform): Promise<Callback> {
    const callback = new Callback();
    callback.setToken(String(this.transforms.push(transform) - 1));
    return callback;
  }

  async awaitStackRegistrations(): Promise<void> {}

  shutdown(): void {}

  /** Changes the request as its transforms say. @returns what takes the answer in the SDK's place */
  async apply(request: TransformedRequest, answer: Answer): Promise<Answer> {
    const own = request
      .getTransformsList()
      .flatMap((callback) => this.transforms[Number(callback.getToken())] ?? []);
    const all = [...own, ...(this.byUrn.get(request.getParent()) ?? [])];
    for (const transform of all) await this.transform(request, transform);
    return (error, response) => {
      if (response !== undefined) this.byUrn.set(response.getUrn(), all);
      answer(error, response);
    };
  }

  private async transform(request: TransformedRequest, transform: pulumi.ResourceTransform): Promise<void> {
    const object = request.getObject();
    const result = await transform({
      type: request.getType(),
      name: request.getName(),
      custom: request.getCustom(),
      props: object.toJavaScript(),
      opts: {},
    });
    if (result === undefined) return;
    const { fromJavaScript } = object.constructor as { fromJavaScript(properties: unknown): Struct };
    request.setObject(fromJavaScript(result.props));
  }
}
