import type { Provider } from "../protocol/provider";
import { isObject, type PropertyMap, secret, unwrap, type Value } from "../protocol/value";
import type { InputTypes } from "./inputs";
import { runLocal } from "./local";
import { CommandResource } from "./resource";

const common: InputTypes = {
  create: "string",
  update: "string",
  delete: "string",
  triggers: "list",
  stdin: "string",
  logging: "logging",
  environment: "string map",
  addPreviousOutputInEnv: "boolean",
};

const endpoint: InputTypes = {
  user: "string",
  password: "string",
  host: "string",
  port: "number",
  privateKey: "string",
  privateKeyPassword: "string",
  agentSocketPath: "string",
  dialErrorLimit: "number",
  perDialTimeout: "number",
  hostKey: "string",
};

const localInputs: InputTypes = {
  ...common,
  interpreter: "strings",
  dir: "string",
  assetPaths: "refused",
  archivePaths: "refused",
};

const remoteInputs: InputTypes = {
  ...common,
  connection: { required: true, fields: { ...endpoint, proxy: { required: false, fields: endpoint } } },
};

/** The stand-in for the plugin `command`. */
export const command: Provider = {
  name: "command",
  version: "1.2.1",
  acceptsSecrets: true,
  // The real plugin notes the version of its framework here.
  configuration: { "__pulumi-go-provider-version": "1.2.0" },
  resources: new Map([
    ["command:local:Command", new CommandResource(localInputs, (inputs) => inputs, runLocal)],
    [
      "command:remote:Command",
      new CommandResource(remoteInputs, completeRemote, async (run, context) => {
        // The SSH library is loaded when it's needed only: previews need none.
        const { runRemote } = require("./remote") as typeof import("./remote");
        return runRemote(run, context);
      }),
    ],
  ]),
};

/** The defaults and secret marks of a connection. */
function completeRemote(inputs: PropertyMap): PropertyMap {
  const connection = inputs.connection;
  return connection === undefined ? inputs : { ...inputs, connection: secret(completeEndpoint(connection)) };
}

function completeEndpoint(value: Value): Value {
  const endpointInputs = unwrap(value);
  if (!isObject(endpointInputs)) {
    return value;
  }
  const complete: PropertyMap = {
    user: "root",
    port: 22,
    dialErrorLimit: 10,
    perDialTimeout: 15,
    ...endpointInputs,
  };
  for (const key of ["password", "privateKey", "privateKeyPassword"]) {
    const hidden = complete[key];
    if (hidden !== undefined) {
      complete[key] = secret(hidden);
    }
  }
  if (complete.proxy !== undefined) {
    complete.proxy = completeEndpoint(complete.proxy);
  }
  return complete;
}
