import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { LabComponent } from "./lab-component";

export interface SecretsArgs {
  /** Whether somebody logs in to a dashboard. */
  dashboard: boolean;
}

/**
 * The lab's generated passwords, tokens and keys. RandomPassword throughout: RandomString's and RandomBytes' resource ids
 * are their values, in clear in the state. Source: pulumi-random, provider/resources.go, computeRandomBytesID.
 */
export class Secrets extends LabComponent {
  /** Base64 of 256 bytes; letters and digits, so 1500 bits of chance. corosync-keygen(8) writes as many. */
  readonly corosyncKey: pulumi.Output<string>;
  /** Login `admin` of HAProxy's statistics page. */
  readonly statisticsPassword: pulumi.Output<string>;
  /** Keeps members of another cluster out. */
  readonly etcdClusterToken: pulumi.Output<string>;
  /** Base64 of 32 bytes, letters and digits: 190 bits of chance. Secrets in etcd are encrypted by it. */
  readonly encryptionKey: pulumi.Output<string>;
  /** What a person logs in to the dashboard with: a bootstrap token, `abcdef.0123456789abcdef`. */
  readonly dashboardToken?: pulumi.Output<string>;

  constructor(name: string, { dashboard }: SecretsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("Secrets", name, opts);
    const generate = (role: string, length: number, upper: boolean) =>
      new random.RandomPassword(`${name}-${role}`, { length, upper, special: false }, { parent: this })
        .result;
    const token = (role: string) =>
      pulumi.interpolate`${generate(`${role}-id`, 6, false)}.${generate(`${role}-secret`, 16, false)}`;
    const key = (role: string, bytes: number) =>
      generate(role, bytes, true).apply((text) => Buffer.from(text).toString("base64"));
    this.corosyncKey = key("corosync-key", 256);
    this.statisticsPassword = generate("statistics-password", 24, true);
    this.etcdClusterToken = generate("etcd-cluster-token", 24, false);
    this.encryptionKey = key("encryption-key", 32);
    if (dashboard) this.dashboardToken = token("dashboard-token");
    this.registerOutputs({});
  }
}
