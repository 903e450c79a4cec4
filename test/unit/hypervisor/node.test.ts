import path from "node:path";
import type { GuestAccess } from "../../../hypervisor/guest/guest-access";
import type { AskGuest, GuestAnswer } from "../../../hypervisor/guest/guest-shell";
import { leaveLab } from "../../../hypervisor/guest/node";
import { stepAside } from "../../../hypervisor/guest/step-aside";
import { ensureMachine } from "../../../hypervisor/machine/machine";
import { ensureNetwork } from "../../../hypervisor/network/network";
import { GATEWAY, IMAGE, scratch } from "./fixtures";
import { SimulatedVBoxManage } from "./simulated-vboxmanage";

const MACHINE = {
  ...GATEWAY,
  machine: "kube-lab-dev-kube-node02",
  adapters: [{ kind: "internal" as const, network: "kube-lab-dev-node", mac: "08:00:27:00:00:09" }],
  forwards: [],
};
const guest = (name: string) => ({ name, address: "192.168.1.10", hostKey: "ssh-ed25519 AAAA" });
const ACCESS: GuestAccess = {
  user: "debian",
  privateKey: "PRIVATE",
  gateway: { ...guest("gate-node01"), address: "127.0.0.1", port: 2222 },
  machine: { ...guest("kube-node02"), address: "192.168.2.11" },
  peers: [guest("kube-mast01"), guest("kube-mast02")],
};
const SILENT: GuestAnswer = { reached: false, reason: "Connection refused" };
const YES: GuestAnswer = { reached: true, status: 0, output: "", lastWords: "" };
const no = (status: number, lastWords: string): GuestAnswer => ({
  reached: true,
  status,
  output: "",
  lastWords,
});
const HASTY = { boundSeconds: 0, pauseSeconds: 0 };

let simulated: SimulatedVBoxManage;
let remove: () => void;
let asked: string[];
let lines: string[];

beforeEach(async () => {
  const place = scratch();
  remove = place.remove;
  simulated = new SimulatedVBoxManage(place.folder);
  asked = [];
  lines = [];
  await simulated.makeTemplate(IMAGE);
  await toHave(MACHINE.machine);
  await ensureMachine(simulated.open(), MACHINE, () => undefined);
});
afterEach(() => remove());

/** As an update that wants the lab to have these machines. */
const toHave = (...members: string[]) =>
  ensureNetwork(
    simulated.open(),
    { hypervisor: "virtualbox", group: MACHINE.group, incarnation: "1 missing", madeWith: {}, members },
    path.join(simulated.folder, "project"),
    () => undefined,
  );

/** Answers by `machine: command`, silence from whoever is not named. */
const answering =
  (answers: Record<string, GuestAnswer>): AskGuest =>
  async ({ name }, command) => {
    asked.push(`${name}: ${command}`);
    return answers[name] ?? SILENT;
  };

const leave = (answers: Record<string, GuestAnswer>) =>
  leaveLab(simulated.open(), MACHINE, ACCESS, answering(answers), (line) => lines.push(line), HASTY);
const off = () => {
  simulated.machine(MACHINE.machine).state = "poweroff";
};

describe("a machine that is to go for good", () => {
  beforeEach(() => toHave("kube-lab-dev-kube-node01"));

  it("leaves by itself while it runs", async () => {
    await leave({ "kube-node02": YES });
    expect(asked).toEqual(["kube-node02: sudo kube-lab leave"]);
  });

  it("stays where it says no, with its reason", async () => {
    const answers = {
      "kube-node02": no(1, "kube-lab: failed: brick holds the only copy"),
      "kube-mast01": YES,
    };
    await expect(leave(answers)).rejects.toThrow(/kube-node02 says no to leaving.*only copy/);
    expect(asked).toHaveLength(1);
  });

  it("is taken out by the first living master when it does not run", async () => {
    off();
    await leave({ "kube-mast02": YES });
    expect(asked).toEqual([
      "kube-mast01: sudo kube-lab forget kube-node02 192.168.2.11",
      "kube-mast02: sudo kube-lab forget kube-node02 192.168.2.11",
    ]);
    expect(lines.at(-1)).toBe("taken out of the lab by kube-mast02");
  });

  it("is taken out by a master when it runs, but answers nobody", async () => {
    await leave({ "gate-node01": YES, "kube-mast01": YES });
    expect(asked.at(-1)).toBe("kube-mast01: sudo kube-lab forget kube-node02 192.168.2.11");
  });

  it("stays where nobody lives who could take it out, and the fix is named", async () => {
    off();
    await expect(leave({})).rejects.toMatchObject({
      message: expect.stringMatching(/kube-node02 is to go for good(.|\n)*kube-mast01: Connection refused/),
      remedy: expect.stringMatching(/npm run start/),
    });
  });

  it("stays where the way to it is broken: it may hold what others need", async () => {
    await expect(leave({ "kube-mast01": YES })).rejects.toThrow(/gateway gate-node01 does not answer/);
  });
});

describe("a machine that is to be recreated", () => {
  it("steps aside and leaves for a while", async () => {
    await leave({ "kube-node02": YES });
    expect(asked).toEqual([
      "kube-node02: sudo kube-lab step-aside kube-node02",
      "kube-node02: sudo kube-lab leave --returning",
    ]);
  });

  it("needs no leave when it does not run, so a lab that is off can be recreated", async () => {
    off();
    await leave({});
    expect(asked).toEqual([]);
    expect(lines.join()).toMatch(/does not run.*comes back under its name/);
  });
});

describe("stepping aside", () => {
  const aside = (answers: Record<string, GuestAnswer>) =>
    stepAside(answering(answers), ACCESS, [], (line) => lines.push(line), HASTY);

  it("is refused with the machine's reason", async () => {
    const answers = { "kube-node02": no(1, "heal pending: 12 files") };
    await expect(aside(answers)).rejects.toThrow(/says no to being away.*heal pending: 12 files/);
    const late: GuestAnswer = {
      reached: true,
      status: undefined,
      output: "",
      lastWords: "no end within 900 s",
    };
    await expect(aside({ "kube-node02": late })).rejects.toThrow(/no end within 900 s/);
  });

  it("is not known to machines of before, and not needed of one that is silent", async () => {
    await aside({ "kube-node02": no(64, "usage: kube-lab apply") });
    await aside({ "gate-node01": YES });
    expect(lines.join()).toMatch(/before machines could step aside.*serves nobody/);
    await expect(aside({})).rejects.toThrow(/gateway gate-node01 does not answer/);
  });

  it("comes before a running machine is switched off for a change, and a refusal leaves it running", async () => {
    const calls = () => simulated.calls.map(([verb, , what]) => `${verb} ${what ?? ""}`.trim());
    simulated.calls.length = 0;
    const refuse = async () => Promise.reject(new Error("not now"));
    const larger = { ...MACHINE, cpus: MACHINE.cpus + 1 };
    const ensure = (aside: () => Promise<void>) =>
      ensureMachine(simulated.open(), larger, () => undefined, aside);
    await expect(ensure(refuse)).rejects.toThrow("not now");
    expect(simulated.machine(MACHINE.machine).state).toBe("running");
    expect(calls().filter((call) => /controlvm|modifyvm/.test(call))).toEqual([]);
    let asides = 0;
    await ensure(async () => void asides++);
    expect(asides).toBe(1);
    off();
    await ensure(async () => void asides++);
    await ensure(async () => void asides++);
    expect(asides).toBe(1);
  });
});
