import { z } from "zod";
import { mapOf, text } from "./settings";

/** Kinds of values by which a person sets Kubernetes' own programs; the programs themselves judge the values. */

/** What a YAML file or `pulumi config set` has for one flag, as the flag takes it. */
const flagValue = z.preprocess(
  (value) => (typeof value === "number" || typeof value === "boolean" ? String(value) : value),
  z
    .string()
    .max(4096)
    .regex(/^[^\p{Cc}]*$/u),
);

const gate = z.preprocess(
  (value) => (value === "true" || value === "false" ? value === "true" : value),
  z.boolean(),
);

export const flags = mapOf(
  /^[a-z][a-z0-9-]*$/,
  flagValue,
  "a map of flags, without --, to their values, such as max-requests-inflight: 500",
);

export const gates = mapOf(
  /^[A-Z][A-Za-z0-9]*$/,
  gate,
  "a map of feature gates to true or false, such as InPlacePodVerticalScaling: true",
);

export const issuer = text(
  /^https:\/\/[^\s?#]+$/,
  "an https:// URL, as the provider's tokens have it in iss",
  1024,
);

export const claim = text(/^[^\s=,]+$/, "a text without blanks, = and ,");

export const auditPolicy = text(
  /^(?=[\s\S]*^kind: *Policy *$)(?=[\s\S]*^rules:)[\s\S]*$/m,
  "a Policy of audit.k8s.io/v1, the whole text of its YAML file",
  65536,
);

export const kubeletFields = mapOf(
  /^[a-z][A-Za-z0-9]*$/,
  z.unknown().refine((value) => value !== null && value !== undefined),
  "a map of KubeletConfiguration's fields to their values, such as maxPods: 50",
);
