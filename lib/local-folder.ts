/** Where a checkout keeps what set-up makes in it; ignored by git. */
export const localFolder = ".kube-lab";
