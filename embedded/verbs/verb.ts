import type { Place } from "../place";

/** What a verb is given: the place and its own arguments, and where its words go. */
export interface Call {
  place: Place;
  /** After the verb itself. */
  args: string[];
  /** Standard output, a line. */
  print: (line: string) => void;
  /** Standard error, a line. */
  warn: (line: string) => void;
}

/** @throws VirtualBoxError, SyntaxFailure */
export type Verb = (call: Call) => Promise<void>;

/** What the real one draws on standard error while it works; here everything is done by then. */
export const PROGRESS = "0%...10%...20%...30%...40%...50%...60%...70%...80%...90%...100%";
