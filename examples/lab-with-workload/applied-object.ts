import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";

export interface AppliedObjectArgs {
  /** Secret. */
  kubeconfig: pulumi.Output<string>;
  /** A whole Kubernetes object. It shows in previews: no Secret with its content. */
  object: { apiVersion: string; kind: string; metadata: { name: string; namespace: string } };
}

/** One object in a cluster, by kubectl, which must be on PATH: applied when it is new or changed, deleted when it is gone. */
export function appliedObject(
  name: string,
  { kubeconfig, object }: AppliedObjectArgs,
  opts: pulumi.CustomResourceOptions,
): command.local.Command {
  const { apiVersion, kind, metadata } = object;
  return new command.local.Command(
    name,
    {
      interpreter: ["node", "kubectl.mjs"],
      create: "apply",
      update: "apply",
      delete: "delete",
      environment: { OBJECT: JSON.stringify(object) },
      // Not in the environment, which other processes of this user can read.
      stdin: pulumi.secret(kubeconfig),
      // Under another of these names it is another object.
      triggers: [apiVersion, kind, metadata.namespace, metadata.name],
      addPreviousOutputInEnv: false,
    },
    { ...opts, deleteBeforeReplace: true },
  );
}
