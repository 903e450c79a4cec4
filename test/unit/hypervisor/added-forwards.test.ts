import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import {
  forgetAddedForwards,
  readAddedForwards,
  writeAddedForwards,
} from "../../../hypervisor/reality/added-forwards";
import { scratch } from "./fixtures";

const forward = { hostPort: 8080, target: "192.168.2.200", port: 80, about: "default/web:80" };

let project: string;
let remove: () => void;
beforeEach(() => {
  const place = scratch();
  [project, remove] = [place.folder, place.remove];
});
afterEach(() => remove());

it("remembers what was added to a lab until the lab goes, each stack its own", () => {
  expect(readAddedForwards("dev", { project })).toEqual([]);
  writeAddedForwards("dev", project, [forward]);
  expect(readAddedForwards("dev", { project })).toEqual([forward]);
  expect(readAddedForwards("other", { project })).toEqual([]);
  forgetAddedForwards("dev", project);
  expect(readAddedForwards("dev", { project })).toEqual([]);
  forgetAddedForwards("dev", project);
});

it("takes a file that cannot be read for none", () => {
  const folder = path.join(project, ".kube-lab", "forwards");
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, "dev.json"), '[{"hostPort": "8080"}]');
  expect(readAddedForwards("dev", { project })).toEqual([]);
});
