import { existsSync } from "node:fs";

/** What a computer needs to reach its registries: settings by the environment, and files that stand where they do here. */
export interface HostSettings {
  environment: Record<string, string>;
  files: string[];
}

/** Names of variables by which npm, Go, git, OpenSSL and curl learn of proxies, registries and authorities. */
const carried =
  /^(?:(?:https?|ftp|no|all)_proxy|NODE_EXTRA_CA_CERTS|SSL_CERT_(?:FILE|DIR)|CURL_CA_BUNDLE|GIT_SSL_(?:CAINFO|CAPATH)|npm_config_(?:registry|cafile|(?:https?-?_?|no)proxy|strict_ssl)|GO(?:PROXY|NOPROXY|SUMDB|NOSUMDB|PRIVATE|INSECURE|AUTH|TOOLCHAIN)|KUBE_LAB_SOURCE)$/i;

/** Files and folders of settings that are the computer's, not a program's own. */
const settingsFiles = [
  "/etc/hosts",
  "/etc/apt/auth.conf",
  "/etc/apt/auth.conf.d",
  "/etc/ssl/certs/ca-certificates.crt",
  "/usr/local/share/ca-certificates",
];

/**
 * The settings of this computer that another would have, too, where it stands.
 * @param go what `go env -json` says, which knows settings that are in no variable
 * @param npm paths of npm's settings files
 */
export function hostSettings(
  environment: NodeJS.ProcessEnv,
  go: Record<string, string>,
  npm: string[],
  isThere: (path: string) => boolean = existsSync,
): HostSettings {
  const own = Object.entries({ ...go, ...environment }).filter(
    (entry): entry is [string, string] => carried.test(entry[0]) && !!entry[1],
  );
  // A folder of certificates belongs to the package that fills it; single files are somebody's own.
  const named = own.flatMap(([name, value]) =>
    value.startsWith("/") && !name.endsWith("_DIR") ? [value] : [],
  );
  const files = [...new Set([...settingsFiles, ...npm, ...named])].filter(isThere);
  return { environment: Object.fromEntries(own), files };
}
