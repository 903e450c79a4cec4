import type { MachineCredentials } from "./credentials";

/**
 * A credential that the role cannot do without.
 * @throws when the caller left it out: a fault of the program, not of the configuration
 */
export function needed<K extends keyof MachineCredentials>(
  credentials: MachineCredentials,
  name: K,
): NonNullable<MachineCredentials[K]> {
  const value = credentials[name];
  if (value === undefined) throw new Error(`credentials.${name} is missing: this machine's role needs it`);
  return value;
}
