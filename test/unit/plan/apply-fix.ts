/** Does to a raw configuration what the `pulumi config` commands in a problem's fix would do. */
export function applyFix(raw: Record<string, unknown>, fix: string): Record<string, unknown> {
  const fixed = structuredClone(raw);
  const command = /pulumi config (set|rm) (?:--path )?("[^"]+"|'[^']+'|[\w.-]+)(?: ("[^"]*"|[\w.:/@+-]+))?/g;
  for (const [, verb, key = "", value = ""] of fix.split(", or")[0]?.matchAll(command) ?? []) {
    const parts = unquoted(key).matchAll(/"([^"]+)"|([^.[\]"]+)/g);
    const path = [...parts].map(([, quoted, plain]) => quoted ?? plain ?? "");
    change(fixed, path, verb === "rm" ? undefined : unquoted(value));
  }
  return fixed;
}

function unquoted(text: string): string {
  return text.replace(/^["']|["']$/g, "");
}

function change(root: Record<string, unknown>, path: string[], value: string | undefined): void {
  const [head = "", ...rest] = path;
  if (rest.length > 0) {
    root[head] ??= {};
    change(root[head] as Record<string, unknown>, rest, value);
  } else if (Array.isArray(root)) {
    root.splice(Number(head), 1, ...(value === undefined ? [] : [value]));
  } else if (value === undefined) {
    delete root[head];
  } else {
    root[head] = /^\d+$/.test(value) ? Number(value) : value;
  }
}
