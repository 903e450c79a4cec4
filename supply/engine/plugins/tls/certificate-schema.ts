import { always, atLeast, ifPem, type Schema } from "../bridged/attribute";
import type { PropertyMap, Value } from "../protocol/value";
import { unknown } from "../protocol/value";
import { extendedKeyUsages, keyUsages } from "./usages";

const hour = 3_600_000;

/** What SelfSignedCert and LocallySignedCert have in common. */
export const certificateSchema: Schema = {
  validityPeriodHours: { type: "integer", mode: "required", replace: always, problem: atLeast(0) },
  allowedUses: { type: "strings", mode: "required", replace: always, problem: unknownUse },
  earlyRenewalHours: { type: "integer", mode: "optional and computed", default: 0, problem: atLeast(0) },
  isCaCertificate: { type: "boolean", mode: "optional and computed", default: false, replace: always },
  maxPathLength: { type: "integer", mode: "optional and computed", replace: always, problem: atLeast(-1) },
  setSubjectKeyId: { type: "boolean", mode: "optional and computed", default: false, replace: always },
  certPem: { type: "string", mode: "computed" },
  readyForRenewal: { type: "boolean", mode: "computed", default: false },
  validityStartTime: { type: "string", mode: "computed" },
  validityEndTime: { type: "string", mode: "computed" },
  id: { type: "string", mode: "computed" },
};

/** The names that a certificate or a request can be for. */
export const namesSchema: Schema = {
  privateKeyPem: { type: "string", mode: "required", secret: true, replace: ifPem },
  dnsNames: { type: "strings", mode: "optional", replace: always },
  ipAddresses: { type: "strings", mode: "optional", replace: always },
  uris: { type: "strings", mode: "optional", replace: always },
  subject: { type: "object", mode: "optional", replace: always },
};

/**
 * A certificate that has come into its last `earlyRenewalHours` is planned to be replaced (upstream's
 * modifyPlanIfCertificateReadyForRenewal); one that is never outside them is ready from the start.
 */
export function planRenewal(planned: PropertyMap): string[] {
  const period = planned.validityPeriodHours;
  const early = planned.earlyRenewalHours;
  if (period === 0 || (typeof early === "number" && typeof period === "number" && early >= period)) {
    planned.readyForRenewal = true;
  }
  if (!isDue(planned)) {
    return [];
  }
  planned.readyForRenewal = unknown;
  return ["readyForRenewal"];
}

/** A refresh notes that the time for renewal has come. */
export function refreshRenewal(state: PropertyMap): PropertyMap {
  return isDue(state) ? { ...state, readyForRenewal: true } : state;
}

function isDue({ validityEndTime, earlyRenewalHours }: PropertyMap): boolean {
  const end = typeof validityEndTime === "string" ? Date.parse(validityEndTime) : Number.NaN;
  return end - Number(earlyRenewalHours ?? 0) * hour <= Date.now();
}

function unknownUse(uses: Value): string | undefined {
  const known = [...Object.keys(keyUsages), ...Object.keys(extendedKeyUsages)].sort();
  const wrong = Array.isArray(uses) ? uses.filter((use) => !known.includes(String(use))) : [];
  return wrong.length === 0 ? undefined : `${wrong.join(", ")}: none of ${known.join(", ")}`;
}
