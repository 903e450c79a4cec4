import { cloneMachine } from "./clone-machine";
import { controlMachine } from "./control";
import { createMachine } from "./create-machine";
import { hostOnly } from "./host-only";
import { listVerb } from "./list";
import { cloneMedium, closeMedium, convertFromRaw, createMedium, modifyMedium } from "./media";
import { modifyMachine } from "./modify-machine";
import { getExtraData, guestProperty, setExtraData } from "./properties";
import { register } from "./register";
import { showMachine } from "./show-machine";
import { showMedium } from "./show-medium";
import { snapshot } from "./snapshot";
import { startMachine } from "./start";
import { attach, controller } from "./storage";
import { unregister } from "./unregister";
import type { Verb } from "./verb";

/** Everything the stand-in can do: what hypervisor/ calls, and nothing more. */
export const VERBS: Readonly<Record<string, Verb>> = {
  clonemedium: cloneMedium,
  clonevm: cloneMachine,
  closemedium: closeMedium,
  controlvm: controlMachine,
  convertfromraw: convertFromRaw,
  createmedium: createMedium,
  createvm: createMachine,
  getextradata: getExtraData,
  guestproperty: guestProperty,
  hostonlyif: hostOnly,
  list: listVerb,
  modifymedium: modifyMedium,
  modifyvm: modifyMachine,
  registervm: register,
  setextradata: setExtraData,
  showmediuminfo: showMedium,
  showvminfo: showMachine,
  snapshot,
  startvm: startMachine,
  storageattach: attach,
  storagectl: controller,
  unregistervm: unregister,
};
