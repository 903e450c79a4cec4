import type { LabPlan } from "../../plan/lab-plan";

/** What drives Pulumi, and where set-up put things. */
export interface EngineSetUp {
  project: string;
  /** Full path of the Pulumi CLI. */
  pulumi: string;
  environment: NodeJS.ProcessEnv;
  /** Full path of the hypervisor's program. */
  vboxManage: string;
  plan: LabPlan;
  /** The lab's own folder, where one is known. */
  labFolder?: string;
}
