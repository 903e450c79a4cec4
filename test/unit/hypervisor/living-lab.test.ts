import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { findLab, forgetLab, readLivingLab, rememberLab } from "../../../hypervisor/reality/living-lab";
import { type Host, thisHost } from "../../../lib/host";
import { RemedyError } from "../../../lib/remedy-error";
import { onPosix } from "../../systems";
import { scratch } from "./fixtures";

const record = {
  incarnation: "2026-11-21T04:33:10Z missing",
  madeWith: { HYPERVISOR: "embedded", USER: "kube" },
};
const open = { configured: "auto", fitting: "virtualbox" as const };

let folder: string;
let remove: () => void;
let host: Host;
let lab: string;

beforeEach(() => {
  ({ folder, remove } = scratch());
  lab = path.join(folder, "machines", "kube-lab", "dev");
  mkdirSync(lab, { recursive: true });
  const environment = { PATH: "", KUBE_LAB_EMBEDDED_FOLDER: path.join(folder, "none") };
  host = { ...thisHost(environment), project: path.join(folder, "project"), exists: existsSync };
});
afterEach(() => remove());

const remember = () => rememberLab(host.project, "dev", { hypervisor: "embedded", folder: lab }, record);

function makeMachine(): void {
  mkdirSync(path.join(lab, "kube-lab-dev-gate-node01"));
  writeFileSync(path.join(lab, "kube-lab-dev-gate-node01", "gate.vbox"), "");
}

/** A VBoxManage whose every answer is the shell's to give. */
function installVBoxManage(script: string): void {
  const bin = path.join(folder, "bin");
  mkdirSync(bin, { recursive: true });
  writeFileSync(path.join(bin, "VBoxManage"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  host = { ...host, environment: { ...host.environment, PATH: `${bin}:/usr/bin:/bin` } };
}

describe("a lab that is remembered", () => {
  test("is what it was made with as soon as a machine of it is there, and before that nothing", async () => {
    await remember();
    mkdirSync(path.join(lab, "seeds"));
    writeFileSync(path.join(lab, "seeds", "kube-lab-dev-gate-node01.iso"), "");
    expect(await findLab("dev", open, host)).toEqual({
      living: {},
      incarnation: record.incarnation,
      folder: lab,
    });
    makeMachine();
    expect(await findLab("dev", open, host)).toEqual({
      living: record.madeWith,
      incarnation: record.incarnation,
      folder: lab,
    });
    expect(readLivingLab("dev", host)).toEqual(record.madeWith);
    expect(readLivingLab("other", host)).toEqual({});
  });

  test("is forgotten when the last machine is gone, not before", async () => {
    await remember();
    makeMachine();
    forgetLab(host.project, "dev", lab);
    expect(readLivingLab("dev", host)).toEqual({});
    expect(existsSync(path.join(lab, "living-lab.json"))).toBe(true);
    rmSync(path.join(lab, "kube-lab-dev-gate-node01"), { recursive: true });
    forgetLab(host.project, "dev", lab);
    expect(existsSync(path.join(lab, "living-lab.json"))).toBe(false);
    forgetLab(host.project, "dev", lab);
  });

  test("without its record is free but for its hypervisor, and the next up writes it", async () => {
    await remember();
    makeMachine();
    rmSync(path.join(lab, "living-lab.json"));
    const { living, incarnation } = await findLab("dev", open, host);
    expect(living).toEqual({ HYPERVISOR: "embedded" });
    expect(incarnation).toMatch(/^\d{4}-\d\d-\d\dT[\d:]+Z missing$/);
    expect(incarnation).not.toBe(record.incarnation);
  });

  test.each([
    "",
    '{"incarnation":"1","madeWith":{"USER":"ku',
    '{"incarnation":"1"}',
    '{"incarnation":"1","madeWith":{"USER":7}}',
  ])("is never taken for another where its record was cut off or changed: %j", async (text) => {
    await remember();
    writeFileSync(path.join(lab, "living-lab.json"), text);
    // Nothing lives yet: it is simply written again.
    expect((await findLab("dev", open, host)).living).toEqual({});
    makeMachine();
    await expect(findLab("dev", open, host)).rejects.toThrow(
      /living-lab\.json, which says what the lab was made with/,
    );
    await expect(findLab("dev", open, host)).rejects.toMatchObject({
      remedy: expect.stringContaining("remove the file"),
    });
  });

  onPosix("is nobody else's to read", async () => {
    await remember();
    expect(statSync(path.join(lab, "living-lab.json")).mode & 0o777).toBe(0o600);
    expect(readdirSync(lab).filter((name) => name.endsWith(".new"))).toEqual([]);
  });
});

describe("a lab that is not remembered", () => {
  onPosix("is found where a hypervisor has machines of it, whatever fits the computer today", async () => {
    makeMachine();
    const settings = path.join(lab, "kube-lab-dev-gate-node01", "gate.vbox");
    installVBoxManage(`case "$*" in
"list vms") echo '"kube-lab-dev-gate-node01" {00000000-0000-4000-8000-000000000000}' ;;
*) printf 'name="x"\\nCfgFile="%s"\\ngroups="/kube-lab/dev"\\n' '${settings}' ;;
esac`);
    for (const fitting of ["embedded", "virtualbox", undefined] as const)
      expect((await findLab("dev", { configured: "auto", fitting }, host)).living).toEqual({
        HYPERVISOR: "virtualbox",
      });
    expect((await findLab("de", open, host)).living).toEqual({});
    writeFileSync(path.join(lab, "living-lab.json"), JSON.stringify(record));
    expect((await findLab("dev", open, host)).living).toEqual(record.madeWith);
  });

  onPosix(
    "is not given up for a hypervisor that does not answer, unless the stack names another",
    async () => {
      installVBoxManage("echo 'VBoxManage: error: The object is not ready' >&2; exit 1");
      const doubt = findLab("dev", { configured: undefined, fitting: "embedded" }, host);
      await expect(doubt).rejects.toThrow(/Whether a lab of stack dev lives on virtualbox cannot be told/);
      await expect(doubt).rejects.toBeInstanceOf(RemedyError);
      await expect(doubt).rejects.toMatchObject({
        remedy: expect.stringContaining("config set hypervisor embedded"),
      });
      expect((await findLab("dev", { configured: "embedded", fitting: "embedded" }, host)).living).toEqual(
        {},
      );
    },
  );

  test("is none where there is neither a hypervisor nor a machine", async () => {
    const { living, incarnation } = await findLab("dev", open, host);
    expect(living).toEqual({});
    expect(incarnation).toMatch(/ missing$/);
  });
});
