import { sha256Of } from "../../lib/checksum";
import type { Outside, ReachedRegistry } from "../../plan/outside";
import type { GuestFile } from "../guest-file";
import { realFile } from "../real-file";

const folder = "/etc/containerd/certs.d";
const plugin = `plugins."io.containerd.grpc.v1.cri".registry`;

/**
 * How containerd reaches registries: one hosts.toml for each, read at each pull, and its own configuration's template with what it
 * reads at its start: where those are, and logins, which no hosts.toml can have for registries that give tokens. What is not used adds
 * nothing, so that nobody restarts containerd for it. Source: containerd 1.7, docs/hosts.md, docs/cri/registry.md
 */
export function registryFiles({ registries, authorities }: Outside): GuestFile[] {
  const template = realFile("kubernetes/containerd.toml", "/usr/local/lib/kube-lab/containerd.toml");
  const logins = registries.filter(({ login }) => login !== undefined);
  const parts = [
    template.content.trimEnd(),
    // It knows the authorities that the machine had at its start.
    ...(authorities.length > 0
      ? [`# certificate authorities: ${sha256Of(authorities.join("")).slice(0, 12)}`]
      : []),
    ...(registries.length > 0 ? [`[${plugin}]\n  config_path = ${quoted(folder)}`] : []),
    ...logins.map(loginTable),
  ];
  return [
    logins.length > 0 || parts.length > 1
      ? { ...template, mode: logins.length > 0 ? "0600" : "0644", content: `${parts.join("\n\n")}\n` }
      : template,
    ...registries.flatMap((registry) => filesOf(registry, registries)),
  ];
}

function filesOf(registry: ReachedRegistry, registries: readonly ReachedRegistry[]): GuestFile[] {
  const { host, certificates } = registry;
  return [
    { path: `${folder}/${host}/hosts.toml`, mode: "0644", content: hostsFile(registry, registries) },
    ...(certificates === undefined ? [] : [{ path: authorityOf(host), mode: "0644", content: certificates }]),
  ];
}

/** Mirrors first, each by what is known of its own host; then the registry itself. */
function hostsFile(registry: ReachedRegistry, registries: readonly ReachedRegistry[]): string {
  const mirrors = registry.mirrors.map((url) => {
    const known = registries.find(({ host }) => host === new URL(url).host);
    // A path with /v2 in it is where the mirror's own API begins; to any other containerd adds it.
    const path = /\/v2(\/|$)/.test(new URL(url).pathname) ? ["override_path = true"] : [];
    return table(url, ['capabilities = ["pull", "resolve"]', ...path, ...trust(known)]);
  });
  const address = addressOf(registry.host);
  const itself = [`https://${address}`, ...(registry.insecure ? [`http://${address}`] : [])];
  const hosts = itself.map((url) => table(url, trust(registry)));
  // The last one is asked when those before it do not have an image: it is among them, since a file without any is refused.
  return `${[[`server = ${quoted(itself.at(-1) ?? "")}`, ...trust(registry)].join("\n"), ...mirrors, ...hosts].join("\n\n")}\n`;
}

function table(url: string, lines: readonly string[]): string {
  return [`[host.${quoted(url)}]`, ...lines.map((line) => `  ${line}`)].join("\n");
}

function trust(registry: ReachedRegistry | undefined): string[] {
  if (registry === undefined) return [];
  return [
    ...(registry.certificates === undefined ? [] : [`ca = ${quoted(authorityOf(registry.host))}`]),
    ...(registry.insecure ? ["skip_verify = true"] : []),
  ];
}

function authorityOf(host: string): string {
  return `${folder}/${host}/authority.crt`;
}

function loginTable({ host, login }: ReachedRegistry): string {
  return [
    `[${plugin}.configs.${quoted(addressOf(host))}.auth]`,
    `  username = ${quoted(login?.username ?? "")}`,
    `  password = ${quoted(login?.password ?? "")}`,
  ].join("\n");
}

/** docker.io is but a name: who answers has another. */
function addressOf(host: string): string {
  return host === "docker.io" ? "registry-1.docker.io" : host;
}

/** A basic string of TOML; what renders the template looks for words between @. */
function quoted(text: string): string {
  return JSON.stringify(text).replaceAll("@", "\\u0040");
}
