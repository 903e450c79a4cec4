import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { dump, loadAll } from "js-yaml";

interface Named {
  name: string;
}

interface Context extends Named {
  context?: { namespace?: string } | null;
}

/** As far as we look at it; what else is in it stays. */
interface Kubeconfig {
  clusters?: Named[] | null;
  contexts?: Context[] | null;
  users?: Named[] | null;
  "current-context"?: string;
}

const LISTS = ["clusters", "contexts", "users"] as const;

/**
 * The file that kubectl writes to: the first of KUBECONFIG, else the one in the home folder. Never a lab's own, which KUBECONFIG
 * names after README: each `up` writes it again.
 * @param isLabsOwn whether a file is one that our commands write themselves
 */
export function kubeconfigPath(
  environment: NodeJS.ProcessEnv,
  home = homedir(),
  isLabsOwn: (file: string) => boolean = () => false,
): string {
  const named = environment.KUBECONFIG?.split(delimiter) ?? [];
  return named.find((file) => file !== "" && !isLabsOwn(file)) ?? join(home, ".kube", "config");
}

/**
 * The person's kubeconfig with the lab's cluster, user and context; the current context stays, if there is one, and the namespace
 * that a person has chosen in the lab's.
 * @param before what of the lab was added earlier, perhaps by other names
 */
export function withLabContext(text: string, lab: string, before = ""): string {
  const own = parse(withoutLabContext(withoutLabContext(text, before), lab));
  const added = withNamespaces(parse(lab), parse(text));
  const merged: Kubeconfig = { apiVersion: "v1", kind: "Config", ...own } as Kubeconfig;
  for (const list of LISTS) merged[list] = [...(own[list] ?? []), ...(added[list] ?? [])];
  merged["current-context"] = own["current-context"] || (added["current-context"] ?? "");
  return dump(merged, { lineWidth: -1 });
}

function withNamespaces(added: Kubeconfig, own: Kubeconfig): Kubeconfig {
  const contexts = (added.contexts ?? []).map((entry) => {
    const namespace = own.contexts?.find(({ name }) => name === entry.name)?.context?.namespace;
    return namespace === undefined ? entry : { ...entry, context: { ...entry.context, namespace } };
  });
  return { ...added, contexts };
}

/** The kubeconfig without what `lab` has; text that has nothing of it comes back as it is. */
export function withoutLabContext(text: string, lab: string): string {
  const own = parse(text);
  const added = parse(lab);
  const isOurs = (list: (typeof LISTS)[number]) => (entry: Named) =>
    (added[list] ?? []).some(({ name }) => name === entry.name);
  if (!LISTS.some((list) => (own[list] ?? []).some(isOurs(list)))) return text;
  const rest: Kubeconfig = { ...own };
  for (const list of LISTS) rest[list] = (own[list] ?? []).filter((entry) => !isOurs(list)(entry));
  if (own["current-context"] === added["current-context"]) rest["current-context"] = "";
  return dump(rest, { lineWidth: -1 });
}

function parse(text: string): Kubeconfig {
  return (loadAll(text)[0] as Kubeconfig | null | undefined) ?? {};
}
