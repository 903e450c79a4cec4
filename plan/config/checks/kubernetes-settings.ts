import { type Problem, removeCommand, setCommand } from "../problems";
import { type Reserved, reservedFlag, reservedKubeletField } from "../reserved-settings";
import type { CheckInput, ConfigurationCheck } from "./check";

const programs = ["apiServer", "controllerManager", "scheduler"] as const;

/** What the lab sets itself has a key of its own, or none. */
export const checkKubernetesSettings: ConfigurationCheck = (input) => [
  ...programs.flatMap((program) =>
    Object.entries(input.configuration.kubernetes[program].extraArguments).flatMap(([flag, value]) =>
      refusal(input, `kubernetes.${program}.extraArguments.${flag}`, value, reservedFlag(program, flag)),
    ),
  ),
  ...Object.entries(input.configuration.kubernetes.kubelet).flatMap(([field, value]) =>
    refusal(input, `kubernetes.kubelet.${field}`, value, reservedKubeletField(field)),
  ),
  ...halfProvider(input),
];

/** A provider is asked for tokens that are for somebody. */
function halfProvider({ configuration }: CheckInput): Problem[] {
  const { issuer, clientId } = configuration.kubernetes.oidc;
  if ((issuer === undefined) === (clientId === undefined)) return [];
  const [there, missing] = issuer === undefined ? ["clientId", "issuer"] : ["issuer", "clientId"];
  return [
    {
      key: `kubernetes.oidc.${there}`,
      value: issuer ?? clientId,
      reason: `kubernetes.oidc.${missing} is missing`,
      allowed: "both of issuer and clientId, or neither",
      fix: `${removeCommand(`kubernetes.oidc.${there}`)}, or give the other one: ${setCommand(`kubernetes.oidc.${missing}`, missing === "issuer" ? "URL" : "NAME")}`,
      dependsOn: [`kubernetes.oidc.${missing}`],
    },
  ];
}

function refusal(
  { defaults }: CheckInput,
  key: string,
  value: unknown,
  reserved: Reserved | undefined,
): Problem[] {
  if (reserved === undefined) return [];
  const { reason, instead, example } = reserved;
  const remove = removeCommand(key);
  return [
    {
      key,
      value,
      reason,
      allowed: instead === undefined ? "what the lab does not set itself" : `by ${instead}`,
      fix:
        instead === undefined
          ? remove
          : `${remove} && ${example === undefined ? another(instead, defaults) : setCommand(instead, example)}`,
    },
  ];
}

/** The key with its default; of a map, an entry. */
function another(key: string, defaults: unknown): string {
  const value = key
    .split(".")
    .reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], defaults);
  return typeof value === "object" ? setCommand(`${key}.NAME`, true) : setCommand(key, value);
}
