import { departures, entryName, livingHypervisor, madeWith, withLivingValues } from "../changes";
import { type Configuration, fillIn } from "../defaults";
import { type Problem, removeCommand, setCommand } from "../problems";
import { read } from "../reading";
import { remove, settingAt, valueAt } from "../schema-paths";
import type { CheckInput, ConfigurationCheck } from "./check";

/** What a lab that lives cannot take: another value of a key that is for a new lab only. */
export const checkLivingLab: ConfigurationCheck = (input) => {
  const departed = departures(input.configuration, input.living);
  // What follows from another key follows it back: only what would still differ then is a problem of its own.
  const own = departed.filter((key) => isSet(input, key) || settingAt(pathOf(key))?.derived === undefined);
  const rest = departures(
    configurationOf(input, withLivingValues(input.raw, input.living, own)),
    input.living,
  );
  return departed.filter((key) => own.includes(key) || rest.includes(key)).map((key) => refusal(input, key));
};

function refusal(input: CheckInput, key: string): Problem {
  const setting = settingAt(pathOf(key));
  const lives = input.living[entryName(key)] ?? "";
  const wished = madeWith(input.configuration)[entryName(key)];
  return {
    key,
    value: setting?.digest ? wished : valueAt(input.configuration, pathOf(key)),
    reason: `the lab that lives was made with ${lives}: ${setting?.change.because}`,
    allowed: `${lives}, as long as this lab lives`,
    fix: `${wayBack(input, key, lives)}, or a new lab: another stack beside it, or npm run down and npm run up instead of it`,
  };
}

/** Taken out where that is enough, else set as it was. */
function wayBack(input: CheckInput, key: string, lives: string): string {
  const setting = settingAt(pathOf(key));
  if (setting?.digest) {
    const group = key.split(".").slice(0, -1).join(".");
    return lives === setting.derived
      ? removeCommand(group)
      : `give ${group} its certificate ${lives} and that one's key again`;
  }
  const without = structuredClone(withLivingValues(input.raw, input.living));
  remove(without, pathOf(key));
  const enough =
    isSet(input, key) && !departures(configurationOf(input, without), input.living).includes(key);
  return enough ? removeCommand(key) : setCommand(key, lives);
}

function configurationOf(
  { configuration, stack, living }: CheckInput,
  raw: Record<string, unknown>,
): Configuration {
  const { settings } = read(raw, () => undefined);
  return fillIn(settings, stack, livingHypervisor(living) ?? configuration.hypervisor);
}

function isSet({ raw }: CheckInput, key: string): boolean {
  return valueAt(raw, pathOf(key)) !== undefined;
}

function pathOf(key: string): string[] {
  return key.split(".");
}
