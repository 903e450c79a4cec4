import * as pulumi from "@pulumi/pulumi";
import type { LabPlan } from "../plan/lab-plan";
import { knownHosts, sshConfig, sshFilesOf } from "../plan/ssh-config";
import { localCommand } from "./local-command";
import type { Pki } from "./pki";

/** What `ssh -F` needs to get into the lab's machines. */
export interface SshAccessOutputs {
  /** Names the files below .kube-lab/ that the key and the known hosts belong in. */
  config: string;
  /** Secret. OpenSSH. */
  privateKey: pulumi.Output<string>;
  knownHosts: pulumi.Output<string>;
}

export function sshAccess(plan: LabPlan, pki: Pki): SshAccessOutputs {
  const publicKeys = Object.entries(pki.hostKeys).map(([name, key]) => [name, key.publicKey]);
  return {
    config: sshConfig(plan, sshFilesOf(plan.stack)),
    privateKey: pki.userKey.privateKey,
    knownHosts: pulumi.output(Object.fromEntries(publicKeys)).apply((keys) => knownHosts(plan, keys)),
  };
}

/** The same as files of the project's folder: by them the next preview looks inside the machines. */
export function sshAccessFiles(name: string, plan: LabPlan, pki: Pki, opts: pulumi.CustomResourceOptions) {
  return localCommand(
    name,
    {
      ensure: "access ensure",
      absent: "access absent",
      environment: { STACK: plan.stack },
      stdin: pulumi.secret(pulumi.output(sshAccess(plan, pki)).apply((access) => JSON.stringify(access))),
    },
    opts,
  );
}
