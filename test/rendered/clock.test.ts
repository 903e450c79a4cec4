import { mkdirSync, writeFileSync } from "node:fs";
import { exampleLab, firstOf } from "./example-lab";
import { type WrittenMachine, writeMachine } from "./written-machine";

describe("a machine's clock", () => {
  let master: WrittenMachine;
  beforeAll(() => {
    master = writeMachine(exampleLab(), firstOf(exampleLab(), "master"));
  });
  afterAll(() => master.remove());

  test("is stepped whenever it is wrong: the host may have slept", () => {
    master.render('. "$LIBRARY/base.sh"; time_configuration >"$KUBE_LAB_ROOT/chrony.conf"');
    expect(master.read("/chrony.conf")).toMatch(/^makestep 1 -1$/m);
    expect(master.read("/chrony.conf")).toMatch(/^server 192\.168\.1\.254 iburst maxpoll 7$/m);
  });

  /** A delivery with a certificate that begins so many seconds from now. */
  const deliveredIn = (seconds: number) => {
    mkdirSync(master.at("/delivery"), { recursive: true });
    writeFileSync(master.at("/delivery/apiserver.crt"), "a certificate");
    return `. "$LIBRARY/apply.sh"
      openssl() { date --utc --date "@$((EPOCHSECONDS + ${seconds}))" "+notBefore=%b %e %H:%M:%S %Y GMT"; }
      fail() { echo "$*" >"$KUBE_LAB_ROOT/failed"; exit 0; }
      date +%s%N >"$KUBE_LAB_ROOT/before"
      wait_for_clock "$KUBE_LAB_ROOT/delivery"
      date +%s%N >"$KUBE_LAB_ROOT/after"`;
  };
  const waited = () => (Number(master.read("/after")) - Number(master.read("/before"))) / 1e9;

  test("is waited for where a delivered certificate begins later", () => {
    master.render(deliveredIn(3));
    expect(waited()).toBeGreaterThan(1.5);
    expect(master.read("/run/kube-lab/status")).toContain("when a new certificate begins");
  });

  test("is not waited for otherwise", () => {
    master.render(deliveredIn(-60));
    expect(waited()).toBeLessThan(1.5);
  });
});
