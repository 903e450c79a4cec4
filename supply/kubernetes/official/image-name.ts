/** An image's name taken apart. */
export interface ImageReference {
  /** Host, perhaps with a port. */
  registry: string;
  repository: string;
  tag: string;
}

/** Takes a full name with a tag apart, such as registry.k8s.io/coredns/coredns:v1.14.2. */
export function parseImageName(name: string): ImageReference {
  const match = /^([^/]+)\/(.+):([\w][\w.-]{0,127})$/.exec(name);
  const [, registry, repository, tag] = match ?? [];
  if (!registry || !repository || !tag) {
    throw new Error(`image name "${name}": must be REGISTRY/REPOSITORY:TAG`);
  }
  return { registry, repository, tag };
}

/** Base address of a registry's API. Docker's has another host than its name; one on this computer speaks plain HTTP. */
export function registryAddress(registry: string): string {
  if (registry === "docker.io") return "https://registry-1.docker.io";
  const local = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(registry);
  return `${local ? "http" : "https"}://${registry}`;
}
