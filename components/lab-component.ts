import * as pulumi from "@pulumi/pulumi";

/** What every component here is: one of the package kube-lab, which labs of earlier versions know by another name. */
export abstract class LabComponent extends pulumi.ComponentResource {
  /** @param kind the type's own name, `Masters` */
  constructor(kind: string, name: string, opts?: pulumi.ComponentResourceOptions) {
    const aliases = { aliases: [{ type: `lab:index:${kind}` }] };
    super(`kube-lab:index:${kind}`, name, {}, pulumi.mergeOptions(opts, aliases));
  }
}
