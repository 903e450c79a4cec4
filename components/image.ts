import type * as pulumi from "@pulumi/pulumi";
import { imageEnvironment } from "../hypervisor/environment";
import type { LabPlan } from "../plan/lab-plan";
import { LabComponent } from "./lab-component";
import { localCommand } from "./local-command";

/** The disk that the template machine is made from. */
export interface BaseDisk {
  /** The template's name, by the hash of what went in: `kube-lab-image-0a1b2c3d4e5f`. */
  template: string;
  /** Full path of the disk. */
  path: string;
  /** Folder of the Kubernetes bundle, only for a disk that is not prepared yet. */
  bundle?: string;
}

export interface ImageArgs {
  plan: LabPlan;
  baseDisk: BaseDisk;
  /** Of the template that is there, or a new one: a template that somebody removed is made again. */
  incarnation: string;
}

/** The prepared template that every machine is a linked clone of. A cache shared by labs: no `destroy` removes it. */
export class Image extends LabComponent {
  /** The template machine's name; whoever uses it waits for the template. */
  readonly template: pulumi.Output<string>;

  constructor(name: string, args: ImageArgs, opts?: pulumi.ComponentResourceOptions) {
    super("Image", name, opts);
    const { plan, baseDisk, incarnation } = args;
    const { template, path, bundle } = baseDisk;
    const command = localCommand(
      `${name}-template`,
      { ensure: "image ensure", environment: imageEnvironment(plan, template, path, bundle, incarnation) },
      // Building one takes minutes, and another lab may be building the same.
      { parent: this, customTimeouts: { create: "90m", update: "90m" } },
    );
    this.template = command.environment.apply((environment) => environment?.IMAGE ?? template);
    this.registerOutputs({ template: this.template });
  }
}
