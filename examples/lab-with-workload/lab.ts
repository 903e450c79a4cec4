import type * as pulumi from "@pulumi/pulumi";
import { Lab, labArgs } from "../../components";

/** Machines of a slow computer get twice the usual time to converge. */
const patient: pulumi.ResourceTransform = ({ type, props, opts }) =>
  type === "command:remote:Command"
    ? { props, opts: { ...opts, customTimeouts: { create: "40m", update: "40m" } } }
    : undefined;

/** The lab of the stack's configuration, but with two workers whatever that says. */
export async function patientLab(): Promise<Lab> {
  return new Lab("lab", await labArgs({ workers: { count: 2 } }), { transforms: [patient] });
}
