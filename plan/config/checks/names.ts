import type { Role } from "../../lab-plan";
import { machineNames } from "../../machine-names";
import { type Problem, setCommand } from "../problems";
import type { CheckInput, ConfigurationCheck } from "./check";

/** A host name's label, RFC 1035; the hypervisor's name `kube-lab-STACK-MACHINE` is kept within it, too. */
const LONGEST_NAME = 63;

export const checkNames: ConfigurationCheck = (input) => [
  ...duplicates(input),
  ...longNames(input),
  ...domains(input),
];

function duplicates({ configuration, defaults }: CheckInput): Problem[] {
  const seen = new Map<string, Role>();
  const problems = new Map<string, Problem>();
  for (const { name, role } of machineNames(configuration)) {
    const other = seen.get(name);
    if (other !== undefined && other !== role) {
      const blamed = configuration.names[role] === defaults.names[role] ? other : role;
      const spared = blamed === role ? other : role;
      problems.set(`${role} ${other}`, {
        key: `names.${blamed}`,
        value: configuration.names[blamed],
        reason: `it makes a duplicate name: ${name} would be both a ${spared} and a ${blamed}`,
        allowed: "a prefix that gives no machine another one's name",
        fix: setCommand(`names.${blamed}`, defaults.names[blamed]),
        dependsOn: [`names.${spared}`],
      });
    }
    seen.set(name, role);
  }
  return [...problems.values()];
}

function longNames({ configuration, defaults, stack }: CheckInput): Problem[] {
  const roles = Object.keys(configuration.names) as Role[];
  return roles.flatMap((role): Problem[] => {
    const prefix = configuration.names[role];
    const room = LONGEST_NAME - `kube-lab-${stack}-`.length - "000".length;
    return prefix.length <= room
      ? []
      : [
          {
            key: `names.${role}`,
            value: prefix,
            reason: `with the stack's name the machine would be kube-lab-${stack}-${prefix}01, which is too long`,
            allowed:
              room > 0
                ? `at most ${room} characters in this stack`
                : "no prefix: the stack's own name is too long",
            fix:
              prefix === defaults.names[role]
                ? "a stack with a shorter name"
                : setCommand(`names.${role}`, defaults.names[role]),
          },
        ];
  });
}

/** A name must not be the lab's and the cluster's: CoreDNS answers for one, the gateway for the other. */
function domains({ configuration, defaults }: CheckInput): Problem[] {
  const { domain, kubernetes } = configuration;
  const { clusterDomain } = kubernetes;
  const isWithin = (inner: string, outer: string) => inner === outer || inner.endsWith(`.${outer}`);
  if (!isWithin(domain, clusterDomain) && !isWithin(clusterDomain, domain)) {
    return [];
  }
  const blamed = domain === defaults.domain ? "kubernetes.clusterDomain" : "domain";
  const [value, other, fallback] =
    blamed === "domain"
      ? [domain, `kubernetes.clusterDomain = ${clusterDomain}`, defaults.domain]
      : [clusterDomain, `domain = ${domain}`, defaults.kubernetes.clusterDomain];
  return [
    {
      key: blamed,
      value,
      reason: `it and ${other} are one within the other, so a name could be either's`,
      allowed: "two domains of which neither ends in the other",
      fix: setCommand(blamed, fallback),
      dependsOn: ["domain", "kubernetes.clusterDomain"],
    },
  ];
}
