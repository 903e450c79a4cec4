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
];

function refusal(
  { defaults }: CheckInput,
  key: string,
  value: unknown,
  reserved: Reserved | undefined,
): Problem[] {
  if (reserved === undefined) return [];
  const { reason, instead } = reserved;
  const remove = removeCommand(key);
  return [
    {
      key,
      value,
      reason,
      allowed: instead === undefined ? "what the lab does not set itself" : `by ${instead}`,
      fix: instead === undefined ? remove : `${remove} && ${another(instead, defaults)}`,
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
