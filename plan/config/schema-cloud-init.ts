import { ownPart, ownPartsOfMachines } from "./kinds";
import { derivedKey, inPlace, section } from "./settings";

const part = (whose: string) =>
  derivedKey(ownPart, "none", inPlace, `Files, commands and packages of your own for ${whose}`);

/** What machines get beside what makes them the lab's. */
export const cloudInit = section("Files, commands and packages of your own, by role and by machine", {
  all: part("every machine"),
  gateway: part("the gateway, after those for all"),
  loadBalancers: part("load balancers, after those for all"),
  masters: part("masters, after those for all"),
  workers: part("workers, after those for all"),
  gluster: part("Gluster machines, after those for all"),
  machines: derivedKey(
    ownPartsOfMachines,
    "none",
    inPlace,
    "The same for single machines by their names, after those for their role",
  ),
});
