import { RemedyError } from "../../../lib/remedy-error";
import type { Laboratory } from "./laboratory";
import { look, type View } from "./view";

/** A piece of the script: what our code is asked for, and what is to be seen then. */
export interface Step {
  name: string;
  /** The one machine that it is about; all machines where it says none. */
  machine?: string;
  act: (laboratory: Laboratory) => Promise<unknown>;
  /** Besides being equal on both hypervisors. */
  expect: (view: View) => void;
}

/** Goes through the script; a step that fails is a view, too. */
export async function play(steps: readonly Step[], laboratory: Laboratory): Promise<Map<string, View>> {
  const views = new Map<string, View>();
  for (const { name, machine, act } of steps) {
    const only = machine === undefined ? undefined : [machine];
    views.set(name, await look(laboratory, await outcome(act(laboratory)), only));
  }
  return views;
}

/** What some work gave, or the error that a person would read. */
export async function outcome(work: Promise<unknown>): Promise<unknown> {
  try {
    return (await work) ?? "done";
  } catch (error) {
    if (error instanceof RemedyError) return { error: error.message, remedy: error.remedy };
    return { error: String(error) };
  }
}
