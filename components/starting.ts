import type * as pulumi from "@pulumi/pulumi";

/**
 * The machines that this update starts. The engine works on a few resources at a time only, and a node keeps its place until
 * its machine has converged, perhaps by the help of others: so no node may begin to wait before all machines are started.
 */
export class Starting {
  private readonly machines: pulumi.Resource[] = [];
  private finish: (machines: pulumi.Resource[]) => void = () => {};

  /** Known once `complete` was called. */
  readonly all: Promise<pulumi.Resource[]> = new Promise((resolve) => {
    this.finish = resolve;
  });

  add(hardware: pulumi.Resource): void {
    this.machines.push(hardware);
  }

  /** To be called when every machine of the lab has been described. */
  complete(): void {
    this.finish([...this.machines]);
  }
}
