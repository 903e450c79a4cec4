const namespace = "kube-lab:";

/**
 * The raw configuration out of a stack's, as `pulumi.runtime.allConfig()` returns it: every value a text, objects and
 * lists as JSON, keys `kube-lab:masters`. Other namespaces are not ours and left out.
 */
export function rawConfiguration(stackConfiguration: Record<string, string>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(stackConfiguration)
      .filter(([key]) => key.startsWith(namespace))
      .map(([key, value]) => [key.slice(namespace.length), parsedValue(value)]),
  );
}

/** What is no JSON object or list stays a text; if it should have been one, the schema says so with its key. */
export function parsedValue(value: string): unknown {
  if (!/^\s*[[{]/.test(value)) {
    return value;
  }
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
