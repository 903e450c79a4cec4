/** What one look at this computer found. */
export interface Finding {
  /** What was looked at, in a word or two: `kernel driver`, `port 18080`. */
  check: string;
  /** `error`: `up` would fail; `warning`: it would go badly. */
  severity: "ok" | "warning" | "error";
  /** What is there, or what is wrong, with the value found. */
  found: string;
  /** What a person can do, as exact as it is known; only where something is wrong. */
  fix?: string;
}

export function fine(check: string, found: string): Finding {
  return { check, severity: "ok", found };
}

export function warning(check: string, found: string, fix: string): Finding {
  return { check, severity: "warning", found, fix };
}

export function failure(check: string, found: string, fix: string): Finding {
  return { check, severity: "error", found, fix };
}

/** Findings that want something done, errors first. */
export function problemsIn(findings: readonly Finding[]): Finding[] {
  const rank = ({ severity }: Finding) => ["error", "warning"].indexOf(severity);
  return findings.filter(({ severity }) => severity !== "ok").sort((a, b) => rank(a) - rank(b));
}

/** Whether nothing stands in the way. */
export function canGoOn(findings: readonly Finding[]): boolean {
  return findings.every(({ severity }) => severity !== "error");
}

/** A list as a person reads it: how it is, what was looked at, what was found, and below it the fix. */
export function formatFindings(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  return findings
    .map(({ severity, check, found, fix }) => {
      const line = `${severity.padEnd("warning".length)}  ${check.padEnd(width)}  ${found}`;
      return fix === undefined ? line : `${line}\n${" ".repeat("warning".length)}  fix: ${fix}`;
    })
    .join("\n");
}
