import type { CallContext } from "../../../supply/engine/plugins/protocol/provider";

/** A call's surroundings that remember what was said. */
export function recordingContext(urn = "urn:pulumi:dev::lab::command:local:Command::name") {
  const canceller = new AbortController();
  const statuses: string[] = [];
  const warnings: string[] = [];
  const context: CallContext = {
    urn,
    signal: canceller.signal,
    status: (message) => statuses.push(message),
    warn: (message) => warnings.push(message),
    error: () => undefined,
  };
  return { context, statuses, warnings, cancel: () => canceller.abort() };
}
