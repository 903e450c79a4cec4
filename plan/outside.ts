import type { RegistryLogin } from "./config/registries";
import type { RegistryPlan } from "./lab-plan";

/** A registry with what the plan has not: its login, and its authority's certificates, PEM. */
export interface ReachedRegistry extends RegistryPlan {
  login?: RegistryLogin;
  certificates?: string;
}

/** How machines reach what is outside of the lab. Secret as a whole, since logins are in it. */
export interface Outside {
  /** Certificates that every machine trusts, PEM, one each. */
  authorities: readonly string[];
  registries: readonly ReachedRegistry[];
}

/** As if nothing was set. */
export const plainOutside: Outside = { authorities: [], registries: [] };
