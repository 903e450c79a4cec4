import { appliedObject } from "./applied-object";
import { patientLab } from "./lab";
import { deployment, service } from "./page";

export = async () => {
  const lab = await patientLab();
  const { kubeconfig } = lab;
  // Where the lab goes, what runs in it goes with it.
  const opts = { deletedWith: lab };
  appliedObject("page-deployment", { kubeconfig, object: deployment }, opts);
  appliedObject("page-service", { kubeconfig, object: service }, opts);
  return { kubeconfig };
};
