import * as kubernetes from "@pulumi/kubernetes";
import { patientLab } from "./lab";
import { deployment, service } from "./page";

/** The same by Pulumi's own plugin for Kubernetes, which the engine downloads, in place of kubectl. */
export = async () => {
  const lab = await patientLab();
  const { kubeconfig } = lab;
  const provider = new kubernetes.Provider("cluster", { kubeconfig });
  // Where the lab goes, what runs in it goes with it.
  const opts = { provider, deletedWith: lab };
  new kubernetes.apps.v1.Deployment("page-deployment", deployment, opts);
  new kubernetes.core.v1.Service("page-service", service, opts);
  return { kubeconfig };
};
