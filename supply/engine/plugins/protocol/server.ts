import {
  type handleUnaryCall,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceError,
  status,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { type PluginAttach, PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import type { PropertyChange } from "./diff";
import { EngineLog } from "./engine-log";
import type { CallContext, DiffResult, Provider, Resource } from "./provider";
import { fromStruct, toStruct } from "./struct";

/**
 * Serves a provider to the engine as its plugin protocol asks: listens on a free port of 127.0.0.1, prints that port as the
 * first line of stdout, and ends when the engine cancels, signals, or goes away. The engine's own address is the first
 * argument.
 */
export async function serveProvider(provider: Provider, engineAddress: string | undefined): Promise<void> {
  const running = new RunningProvider(provider, new EngineLog(engineAddress));
  const unlimited = { "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 };
  const server = new Server(unlimited);
  server.addService(ResourceProviderService, running.service());
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  const leave = () => {
    // Not by the server's own end, which waits for the engine's connection too, and the engine for us.
    if (!running.busy) process.exit(0);
    running.cancel();
    // Commands get a moment to be told.
    setTimeout(() => process.exit(0), 500).unref();
    server.tryShutdown(() => process.exit(0));
  };
  process.once("SIGINT", leave);
  process.once("SIGTERM", leave);
  // The engine holds our standard input: its end is the engine's.
  process.stdin.once("end", leave).resume();
  process.stdout.write(`${port}\n`);
}

/** The engine's calls, as far as a provider of plain resources gets them. */
class RunningProvider {
  private readonly canceller = new AbortController();
  private callsInProgress = 0;

  constructor(
    private readonly provider: Provider,
    private readonly log: EngineLog,
  ) {}

  /** Whether a create, update or delete is going on. */
  get busy(): boolean {
    return this.callsInProgress > 0;
  }

  /** Ends what is running. */
  cancel(): void {
    this.canceller.abort();
  }

  service(): UntypedServiceImplementation {
    return {
      handshake: unary((request: messages.ProviderHandshakeRequest) => this.handshake(request)),
      attach: unary((request: PluginAttach) => {
        this.log.attach(request.getAddress());
        return new Empty();
      }),
      getPluginInfo: unary(() => new PluginInfo().setVersion(this.provider.version)),
      getSchema: unary(() => new messages.GetSchemaResponse().setSchema(JSON.stringify(this.schema()))),
      checkConfig: unary((request: messages.CheckRequest) => this.checkConfig(request)),
      diffConfig: unary(() =>
        new messages.DiffResponse().setChanges(messages.DiffResponse.DiffChanges.DIFF_NONE),
      ),
      configure: unary(() => this.configure()),
      check: unary((request: messages.CheckRequest) => this.check(request)),
      diff: unary((request: messages.DiffRequest) => this.diff(request)),
      create: unary((request: messages.CreateRequest) => this.create(request)),
      read: unary((request: messages.ReadRequest) => this.read(request)),
      update: unary((request: messages.UpdateRequest) => this.update(request)),
      delete: unary((request: messages.DeleteRequest) => this.delete(request)),
      cancel: unary(() => {
        this.cancel();
        return new Empty();
      }),
    };
  }

  private handshake(request: messages.ProviderHandshakeRequest): messages.ProviderHandshakeResponse {
    this.log.attach(request.getEngineAddress());
    return new messages.ProviderHandshakeResponse()
      .setAcceptSecrets(this.provider.acceptsSecrets)
      .setAcceptResources(true)
      .setAcceptOutputs(this.provider.acceptsSecrets);
  }

  private configure(): messages.ConfigureResponse {
    return new messages.ConfigureResponse()
      .setAcceptsecrets(this.provider.acceptsSecrets)
      .setSupportspreview(true)
      .setAcceptresources(true)
      .setAcceptoutputs(this.provider.acceptsSecrets);
  }

  private schema(): object {
    const { name, version, resources } = this.provider;
    return {
      name,
      version,
      resources: Object.fromEntries([...resources.keys()].map((token) => [token, {}])),
    };
  }

  private checkConfig(request: messages.CheckRequest): messages.CheckResponse {
    const inputs = { ...fromStruct(request.getNews()), ...this.provider.configuration };
    return new messages.CheckResponse().setInputs(toStruct(inputs));
  }

  private check(request: messages.CheckRequest): messages.CheckResponse {
    const { inputs, failures } = this.resource(request.getUrn()).check(fromStruct(request.getNews()));
    return new messages.CheckResponse()
      .setInputs(toStruct(inputs))
      .setFailuresList(
        failures.map(({ property, reason }) =>
          new messages.CheckFailure().setProperty(property).setReason(reason),
        ),
      );
  }

  private diff(request: messages.DiffRequest): messages.DiffResponse {
    const result = this.resource(request.getUrn()).diff({
      oldInputs: fromStruct(request.getOldInputs()),
      oldOutputs: fromStruct(request.getOlds()),
      inputs: fromStruct(request.getNews()),
    });
    return diffResponse(result);
  }

  private async create(request: messages.CreateRequest): Promise<messages.CreateResponse> {
    const urn = request.getUrn();
    const inputs = fromStruct(request.getProperties());
    const { id, outputs } = await this.finishing(
      this.resource(urn).create(inputs, request.getPreview(), this.context(urn)),
    );
    return new messages.CreateResponse().setId(id).setProperties(toStruct(outputs));
  }

  private read(request: messages.ReadRequest): messages.ReadResponse {
    const outputs = fromStruct(request.getProperties());
    if (Object.keys(outputs).length === 0) {
      throw new Error(
        `${request.getUrn()} can't be imported: the stand-in for the plugin ${this.provider.name} ` +
          "only reads what is in the state. Use the real plugin for imports.",
      );
    }
    return new messages.ReadResponse()
      .setId(request.getId())
      .setProperties(toStruct(this.resource(request.getUrn()).read(outputs)))
      .setInputs(request.getInputs());
  }

  private async update(request: messages.UpdateRequest): Promise<messages.UpdateResponse> {
    const urn = request.getUrn();
    const outputs = await this.finishing(
      this.resource(urn).update(
        {
          oldInputs: fromStruct(request.getOldInputs()),
          oldOutputs: fromStruct(request.getOlds()),
          inputs: fromStruct(request.getNews()),
          preview: request.getPreview(),
        },
        this.context(urn),
      ),
    );
    return new messages.UpdateResponse().setProperties(toStruct(outputs));
  }

  private async delete(request: messages.DeleteRequest): Promise<Empty> {
    const urn = request.getUrn();
    await this.finishing(this.resource(urn).delete(fromStruct(request.getProperties()), this.context(urn)));
    return new Empty();
  }

  /** Waits for a call and for the log lines that it made: the engine shows none that come after its answer. */
  private async finishing<T>(call: Promise<T>): Promise<T> {
    this.callsInProgress++;
    try {
      return await call;
    } finally {
      await this.log.flush();
      this.callsInProgress--;
    }
  }

  private resource(urn: string): Resource {
    const token = tokenOf(urn);
    const resource = this.provider.resources.get(token);
    if (resource === undefined) {
      const { name, version, resources } = this.provider;
      throw new Error(
        `${token} is not in the stand-in for the plugin ${name}, which has ${[...resources.keys()].join(", ")}. ` +
          `Install the real one where it can be downloaded: pulumi plugin install resource ${name} v${version}`,
      );
    }
    return resource;
  }

  private context(urn: string): CallContext {
    return {
      urn,
      signal: this.canceller.signal,
      status: (message) => this.log.status(urn, message),
      warn: (message) => this.log.warn(urn, message),
      error: (message) => this.log.error(urn, message),
    };
  }
}

/** The type token in a URN, `urn:pulumi:stack::project::parent$type::name`. */
function tokenOf(urn: string): string {
  return urn.split("::")[2]?.split("$").pop() ?? "";
}

function diffResponse({ changes, replaces, changed }: DiffResult): messages.DiffResponse {
  const { DIFF_SOME, DIFF_NONE } = messages.DiffResponse.DiffChanges;
  const response = new messages.DiffResponse().setChanges(changed ? DIFF_SOME : DIFF_NONE);
  response.setReplacesList(replaces);
  response.setDiffsList([...new Set([...changes.keys()].map((path) => path.replace(/[.[].*/s, "")))]);
  response.setHasdetaileddiff(changes.size > 0);
  for (const [path, { change, replace }] of changes) {
    response.getDetaileddiffMap().set(path, new messages.PropertyDiff().setKind(diffKind(change, replace)));
  }
  return response;
}

function diffKind(change: PropertyChange, replace: boolean): messages.PropertyDiff.Kind {
  const kinds = messages.PropertyDiff.Kind;
  const plain = { add: kinds.ADD, delete: kinds.DELETE, update: kinds.UPDATE };
  const replacing = { add: kinds.ADD_REPLACE, delete: kinds.DELETE_REPLACE, update: kinds.UPDATE_REPLACE };
  return (replace ? replacing : plain)[change];
}

/** A call with one request and one answer; what it throws is the message that the user sees. */
function unary<Request, Response>(
  answer: (request: Request) => Response | Promise<Response>,
): handleUnaryCall<Request, Response> {
  return (call: ServerUnaryCall<Request, Response>, callback) => {
    Promise.resolve()
      .then(() => answer(call.request))
      .then(
        (response) => callback(null, response),
        (error: unknown) => callback(failure(error)),
      );
  };
}

function failure(error: unknown): Partial<ServiceError> {
  const message = error instanceof Error ? error.message : String(error);
  return { code: status.UNKNOWN, details: message, message };
}
