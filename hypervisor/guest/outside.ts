import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { RemedyError } from "../../lib/remedy-error";
import type { RegistryLogin } from "../../plan/config/registries";
import type { LabPlan } from "../../plan/lab-plan";
import type { Outside } from "../../plan/outside";

const certificate = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** What of a plan is in files of this computer. */
type AuthorityFiles = Pick<LabPlan, "certificateAuthorities" | "registries">;

/**
 * How the lab's machines reach what is outside, with the files of this computer that the plan names.
 * @param project folder that relative paths begin at
 * @throws RemedyError once with every file that cannot be read or is no certificate
 */
export function readOutside(
  project: string,
  { certificateAuthorities, registries }: AuthorityFiles,
  logins: ReadonlyMap<string, RegistryLogin>,
): Outside {
  const problems: string[] = [];
  const read = (key: string, file: string): string[] => {
    try {
      return certificatesIn(readFileSync(resolve(project, file), "utf8"));
    } catch (error) {
      problems.push(`kube-lab:${key} = ${file}: ${whyNot(error, resolve(project, file))}`);
      return [];
    }
  };
  const outside: Outside = {
    authorities: certificateAuthorities.flatMap((file, i) => read(`certificateAuthorities[${i}]`, file)),
    registries: registries.map((registry) => {
      const { host, authority } = registry;
      const login = logins.get(host);
      return {
        ...registry,
        ...(authority && { certificates: read(`registries["${host}"].authority`, authority).join("") }),
        ...(login && { login }),
      };
    }),
  };
  if (problems.length === 0) return outside;
  throw new RemedyError(
    problems.join("\n"),
    "Name files with certificates in PEM, or leave them out of the configuration.",
  );
}

/** The authorities of a plan that this computer's downloads can trust; what cannot be read, preflight and the program name. */
export function readableAuthorities(project: string, plan: AuthorityFiles): readonly string[] {
  try {
    return readOutside(project, plan, new Map()).authorities;
  } catch {
    return [];
  }
}

/** Each ends in a line's end. @throws Error where there is none, or one is broken */
function certificatesIn(text: string): string[] {
  const found = (text.match(certificate) ?? []).map((pem) => new X509Certificate(pem).toString());
  if (found.length === 0) throw new Error("no certificate in PEM is in it");
  // Whoever takes the wrong one of two files would give it to every machine.
  if (text.includes("PRIVATE KEY"))
    throw new Error("a private key is in it; name a file with certificates alone");
  return found;
}

function whyNot(error: unknown, path: string): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === "ENOENT" ? `${path} is not there` : message;
}
