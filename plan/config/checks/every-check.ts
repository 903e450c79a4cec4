import { checkAddons } from "./addons";
import { checkAddresses } from "./addresses";
import { checkAuthorities } from "./authorities";
import type { ConfigurationCheck } from "./check";
import { checkForwards } from "./forwards";
import { checkHostAccess } from "./host-access";
import { checkHostLimits } from "./host-limits";
import { checkImage } from "./image";
import { checkKubernetesSettings } from "./kubernetes-settings";
import { checkLan } from "./lan";
import { checkLifetimes } from "./lifetimes";
import { checkLivingLab } from "./living-lab";
import { checkNames } from "./names";
import { checkNotStarted } from "./not-started";
import { checkOwnParts } from "./own-parts";
import { checkOwnWorkers } from "./own-workers";
import { checkPorts } from "./ports";
import { checkRegistries } from "./registries";
import { checkResolvers } from "./resolvers";
import { checkSubnets } from "./subnet-overlap";
import { checkUser } from "./user";

/** In the order in which a person should read the problems. */
export const everyCheck: readonly ConfigurationCheck[] = [
  checkLivingLab,
  checkSubnets,
  checkAddresses,
  checkNames,
  checkNotStarted,
  checkOwnWorkers,
  checkUser,
  checkPorts,
  checkForwards,
  checkHostAccess,
  checkLan,
  checkImage,
  checkResolvers,
  checkAddons,
  checkOwnParts,
  checkRegistries,
  checkKubernetesSettings,
  checkLifetimes,
  checkAuthorities,
  checkHostLimits,
];
