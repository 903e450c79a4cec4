import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import type { KeyPair } from "../cloud-init/credentials";
import type { AuthorityName, AuthorityPlan, CertificatePlan, CertificatesPlan } from "../plan/certificates";
import type { GivenAuthority } from "../plan/given-authorities";
import type { MachinePlan } from "../plan/lab-plan";
import { LabComponent } from "./lab-component";

export interface PkiArgs {
  certificates: CertificatesPlan;
  /** Each gets an SSH host key, so that it is known before it is there. */
  machines: MachinePlan[];
  /** Authorities of the user's own. */
  givenAuthorities?: Partial<Record<AuthorityName, AuthorityArgs>>;
}

/** An authority of the user's own; the key is made a secret here. */
export type AuthorityArgs = { [part in keyof GivenAuthority]: pulumi.Input<string> };

/** A certificate with its key before they are known; `privateKey` is secret. */
export type KeyPairOutputs = { [part in keyof KeyPair]: pulumi.Output<string> };

/** An SSH key of which the public part is one OpenSSH line without comment. */
export interface SshKey {
  privateKey: pulumi.Output<string>;
  publicKey: pulumi.Output<string>;
  /** `SHA256:…` of the public part. */
  fingerprint: pulumi.Output<string>;
}

/** The part of a machine's credentials that certificates and keys make up, before it is known. */
export interface Identity {
  sshHostKey: SshKey;
  authorizedKey: pulumi.Output<string>;
  certificates: Record<string, KeyPairOutputs>;
  authorities: Record<
    AuthorityName,
    { certificate: pulumi.Output<string>; privateKey: pulumi.Input<string> }
  >;
}

/** ECDSA P-256 for all that X.509 and Kubernetes sign with. */
const ecdsa = { algorithm: "ECDSA", ecdsaCurve: "P256" };

/** Every certificate and key of the lab, made before any machine starts. */
export class Pki extends LabComponent {
  readonly authorities: Readonly<Record<AuthorityName, KeyPairOutputs>>;
  /** By name of the plan. */
  readonly certificates: Readonly<Record<string, KeyPairOutputs>>;
  /** When each authority and certificate expires, ISO 8601, by name. */
  readonly expiries: Record<string, pulumi.Output<string>> = {};
  /** What the API servers sign service-account tokens with. */
  readonly serviceAccountKey: { privateKey: pulumi.Output<string>; publicKey: pulumi.Output<string> };
  /** The lab's user logs in with it, everywhere. */
  readonly userKey: SshKey;
  /** By machine name. */
  readonly hostKeys: Readonly<Record<string, SshKey>>;

  private readonly plans: CertificatePlan[];

  constructor(
    private readonly name: string,
    args: PkiArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("Pki", name, opts);
    this.plans = args.certificates.certificates;
    const authority = (authorityName: AuthorityName) => {
      const given = args.givenAuthorities?.[authorityName];
      if (given === undefined) return this.authority(planOf(args.certificates, authorityName));
      this.expiries[authorityName] = pulumi.output(given.expires);
      return secretOf(given);
    };
    this.authorities = {
      "kubernetes-ca": authority("kubernetes-ca"),
      "etcd-ca": authority("etcd-ca"),
      "front-proxy-ca": authority("front-proxy-ca"),
    };
    this.certificates = Object.fromEntries(this.plans.map((plan) => [plan.name, this.certificate(plan)]));
    const serviceAccount = new tls.PrivateKey(`${name}-service-account-key`, ecdsa, { parent: this });
    this.serviceAccountKey = {
      privateKey: serviceAccount.privateKeyPem,
      publicKey: serviceAccount.publicKeyPem,
    };
    this.userKey = this.sshKey("user");
    this.hostKeys = Object.fromEntries(
      args.machines.map((machine) => [machine.name, this.sshKey(`${machine.name}-host`)]),
    );
    this.registerOutputs({});
  }

  /**
   * What every machine is given: its SSH host key, the user's public key, its own certificates, and the authorities.
   * @param signs whether it gets the authorities' keys too: a master does
   */
  identityOf(machine: MachinePlan, signs: boolean): Identity {
    const own = this.plans.filter((plan) => plan.machines.includes(machine.name));
    const authorityFor = ({ certificate, privateKey }: KeyPairOutputs) =>
      signs ? { certificate, privateKey } : { certificate, privateKey: "" };
    return {
      sshHostKey: this.hostKeyOf(machine),
      authorizedKey: this.userKey.publicKey,
      certificates: Object.fromEntries(own.map((plan) => [plan.file, this.certificateOf(plan.name)])),
      authorities: {
        "kubernetes-ca": authorityFor(this.authorities["kubernetes-ca"]),
        "etcd-ca": authorityFor(this.authorities["etcd-ca"]),
        "front-proxy-ca": authorityFor(this.authorities["front-proxy-ca"]),
      },
    };
  }

  /** @throws Error for a machine that is not of the plan this was made from. */
  hostKeyOf(machine: MachinePlan): SshKey {
    const key = this.hostKeys[machine.name];
    if (key === undefined)
      throw new Error(`${machine.name} has no SSH host key: it is no machine of the plan`);
    return key;
  }

  /** @throws Error for a name that the plan of certificates does not have. */
  certificateOf(name: string): KeyPairOutputs {
    const pair = this.certificates[name];
    if (pair === undefined) throw new Error(`the plan has no certificate ${name}`);
    return pair;
  }

  private authority(plan: AuthorityPlan): KeyPairOutputs {
    const key = new tls.PrivateKey(`${this.name}-${plan.name}-key`, ecdsa, { parent: this });
    const certificate = new tls.SelfSignedCert(
      `${this.name}-${plan.name}-certificate`,
      {
        privateKeyPem: key.privateKeyPem,
        subject: { commonName: plan.commonName },
        isCaCertificate: true,
        setSubjectKeyId: true,
        allowedUses: ["cert_signing", "crl_signing", "digital_signature"],
        validityPeriodHours: plan.hours,
      },
      { parent: this },
    );
    this.expiries[plan.name] = certificate.validityEndTime;
    return { certificate: certificate.certPem, privateKey: key.privateKeyPem };
  }

  private certificate(plan: CertificatePlan): KeyPairOutputs {
    const authority = this.authorities[plan.authority];
    const key = new tls.PrivateKey(`${this.name}-${plan.name}-key`, ecdsa, { parent: this });
    const request = new tls.CertRequest(
      `${this.name}-${plan.name}-request`,
      {
        privateKeyPem: key.privateKeyPem,
        subject: {
          commonName: plan.commonName,
          ...(plan.organization === undefined ? {} : { organization: plan.organization }),
        },
        ...(plan.dnsNames.length === 0 ? {} : { dnsNames: plan.dnsNames }),
        ...(plan.ipAddresses.length === 0 ? {} : { ipAddresses: plan.ipAddresses }),
      },
      { parent: this },
    );
    const certificate = new tls.LocallySignedCert(
      `${this.name}-${plan.name}-certificate`,
      {
        certRequestPem: request.certRequestPem,
        caCertPem: authority.certificate,
        caPrivateKeyPem: authority.privateKey,
        allowedUses: plan.uses,
        validityPeriodHours: plan.hours,
        earlyRenewalHours: plan.renewalHours,
      },
      { parent: this },
    );
    this.expiries[plan.name] = certificate.validityEndTime;
    return { certificate: certificate.certPem, privateKey: key.privateKeyPem };
  }

  private sshKey(role: string): SshKey {
    const key = new tls.PrivateKey(`${this.name}-${role}-key`, { algorithm: "ED25519" }, { parent: this });
    return {
      privateKey: key.privateKeyOpenssh,
      publicKey: key.publicKeyOpenssh.apply((line) => line.trim()),
      fingerprint: key.publicKeyFingerprintSha256,
    };
  }
}

function secretOf({ certificate, privateKey }: AuthorityArgs): KeyPairOutputs {
  return { certificate: pulumi.output(certificate), privateKey: pulumi.secret(privateKey) };
}

function planOf({ authorities }: CertificatesPlan, name: AuthorityName): AuthorityPlan {
  const plan = authorities.find((authority) => authority.name === name);
  if (plan === undefined) throw new Error(`the plan of certificates has no authority ${name}`);
  return plan;
}
