import { type Problem, setCommand } from "../problems";
import type { ConfigurationCheck } from "./check";

/** A certificate ends before its authority and is renewed while it lives. */
export const checkLifetimes: ConfigurationCheck = ({ configuration }) => {
  const { authorityYears, leafDays, renewBeforeDays } = configuration.certificates;
  const problems: Problem[] = [];
  if (renewBeforeDays >= leafDays) {
    problems.push({
      key: "certificates.renewBeforeDays",
      value: renewBeforeDays,
      reason: `a certificate of ${leafDays} days would be renewed by every single up`,
      allowed: `fewer than certificates.leafDays, ${leafDays}`,
      fix: setCommand("certificates.renewBeforeDays", Math.floor(leafDays / 6)),
      dependsOn: ["certificates.leafDays"],
    });
  }
  if (leafDays > authorityYears * 365) {
    problems.push({
      key: "certificates.leafDays",
      value: leafDays,
      reason: `certificates would outlive their authority of ${authorityYears * 365} days`,
      allowed: `at most ${authorityYears * 365}, or more certificates.authorityYears`,
      fix: setCommand("certificates.leafDays", Math.min(365, authorityYears * 365)),
      dependsOn: ["certificates.authorityYears"],
    });
  }
  return problems;
};
