// What other programs import: a lab as a part of theirs, or one of its parts.
export { Image, type ImageArgs } from "./image";
export { Lab, type LabArgs } from "./lab";
export { labArgs } from "./lab-args";
export { Machine, type MachineArgs } from "./machine";
export { MachineGroup, type MachineGroupArgs } from "./machine-group";
export { Network, type NetworkArgs } from "./network";
export { Node, type NodeArgs } from "./node";
export type { MachineOutput, StackOutputs } from "./outputs";
export { Pki, type PkiArgs } from "./pki";
export { Secrets, type SecretsArgs } from "./secrets";
