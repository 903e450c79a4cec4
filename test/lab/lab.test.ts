import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ageingTests } from "./ageing";
import { changeTests } from "./changes";
import { clusterTests } from "./cluster";
import { dashboardTests } from "./dashboard";
import { dayTwoTests } from "./day-two";
import { failoverTests } from "./failover";
import { forwardTests } from "./forwards";
import { insideTests } from "./inside";
import { networkPolicyTests } from "./network-policy";
import { ownImageTests } from "./own-images";
import { ownPartTests } from "./own-parts";
import { removalTests } from "./removal";
import { secrecyTests } from "./secrecy";
import { storageTests } from "./storage";
import { bringUp, lab } from "./the-lab";
import { toolboxImage } from "./workload";

jest.setTimeout(15 * 60_000);

/** What the lab has beyond the necessary may have to be built first. */
beforeAll(bringUp, 60 * 60_000);

afterAll(async () => {
  await lab?.close();
});

// Each subject leaves the lab as the next one expects it.
describe("the reference lab", () => {
  clusterTests();
  dashboardTests();
  forwardTests();
  ownPartTests();
  storageTests();

  test("changes nothing at a second up", async () => {
    expect(await lab.stack.text(["up", "--yes", "--expect-no-changes"])).not.toMatch(/^\s*[-+~]/m);
  });

  secrecyTests();
  failoverTests();
});

describe("policies of the network", networkPolicyTests);

describe("a broken lab", insideTests);

describe("day two", dayTwoTests);

describe("images of one's own", ownImageTests);

describe("a changed lab", changeTests);

describe("a lab that ages", ageingTests);

describe("a destroyed lab", removalTests);

test("the toolbox image is the one the bundle carries", () => {
  const manifest = JSON.parse(readFileSync(join(lab.setUp.bundle, "manifest.json"), "utf8")) as unknown;
  expect(JSON.stringify(manifest)).toContain(toolboxImage);
});
