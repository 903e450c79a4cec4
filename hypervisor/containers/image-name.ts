const domainPart = "(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)";
const domain = new RegExp(`^${domainPart}(?:\\.${domainPart})*(?::\\d+)?$`);
const component = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const repository = new RegExp(`^${component}(?:/${component})*$`);
const tagged = /^(.*?)(?::([A-Za-z0-9_][\w.-]{0,127}))?$/;

/** The name's part that a tag's colon can't be in: a port's is before a slash. */
const lastPart = /[^/]*$/;

/** Of a repository's name, in bytes. */
const LONGEST_NAME = 255;

/** What a name of an image may look like, for messages. */
export const imageNameAllowed =
  "[REGISTRY/]NAME[:TAG] in lower case, such as shop:1 or registry.example/team/shop:1";

/**
 * An image's whole name as the kubelet looks for it: `shop` is `docker.io/library/shop:latest`.
 * Source of the rules: distribution/reference, ParseDockerRef.
 * @returns undefined for what is no name with a tag
 */
export function wholeImageName(name: string): string | undefined {
  const last = lastPart.exec(name)?.[0] ?? "";
  const [, path = "", tag = "latest"] = tagged.exec(last) ?? [];
  const untagged = `${name.slice(0, name.length - last.length)}${path}`;
  const [first = "", ...rest] = untagged.split("/");
  const isRegistry =
    rest.length > 0 && (/[.:]/.test(first) || first === "localhost" || first !== first.toLowerCase());
  const registry = !isRegistry || first === "index.docker.io" ? "docker.io" : first;
  const own = isRegistry ? rest.join("/") : untagged;
  const inLibrary = registry === "docker.io" && !own.includes("/") ? `library/${own}` : own;
  if (!domain.test(registry) || !repository.test(inLibrary)) return undefined;
  return `${registry}/${inLibrary}`.length > LONGEST_NAME ? undefined : `${registry}/${inLibrary}:${tag}`;
}
