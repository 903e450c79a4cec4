import path from "node:path";
import { VBoxManageError } from "../../../hypervisor/driver/errors";
import { VBoxManage } from "../../../hypervisor/driver/vboxmanage";
import { type ProcessResult, type RunProcess, runProcess } from "../../../lib/process";
import { scratch } from "./fixtures";

const LOCKED = `VBoxManage: error: The machine 'm' is already locked for a session (or being unlocked)
VBoxManage: error: Details: code VBOX_E_INVALID_OBJECT_STATE (0x80bb0007), component MachineWrap, interface IMachine, callee nsISupports
VBoxManage: error: Context: "LockMachine(a->session, LockType_Write)" at line 725 of file VBoxManageModifyVM.cpp
`;
const NOT_FOUND = `VBoxManage: error: Could not find a registered machine named 'm'
VBoxManage: error: Details: code VBOX_E_OBJECT_NOT_FOUND (0x80bb0001), component VirtualBoxWrap, interface IVirtualBox, callee nsISupports
`;
const KVM = `VBoxManage: error: VT-x is being used by another hypervisor (VERR_VMX_IN_VMX_ROOT_MODE).
VBoxManage: error: Details: code NS_ERROR_FAILURE (0x80004005), component ConsoleWrap, interface IConsole
`;

const { folder, remove } = scratch();
afterAll(remove);

/** A VBoxManage whose process answers by script, the last answer for ever. */
function scripted(answers: Partial<ProcessResult>[], platform: NodeJS.Platform = "linux") {
  const calls: Parameters<RunProcess>[] = [];
  const run: RunProcess = async (...call) => {
    const answer = answers[Math.min(calls.length, answers.length - 1)];
    calls.push(call);
    return { status: 0, stdout: "", stderr: "", timedOut: false, ...answer };
  };
  const vbox = new VBoxManage({
    path: "C:\\Program Files\\Oracle\\VirtualBox\\VBoxManage.exe",
    hypervisor: "virtualbox",
    platform,
    environment: { LANG: "de_DE.UTF-8", HOME: folder },
    lockFile: path.join(folder, "lock"),
    log: () => undefined,
    run,
    retry: { boundSeconds: 0.2, firstPauseMilliseconds: 1, longestPauseMilliseconds: 10 },
  });
  return { vbox, calls };
}

async function errorOf(work: Promise<unknown>): Promise<VBoxManageError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof VBoxManageError) return error;
  throw new Error(`no VBoxManageError but ${error}`);
}

describe("a call", () => {
  it("gives the arguments on as a list, blanks and quotes untouched, in English", async () => {
    const { vbox, calls } = scripted([{ stdout: "one\r\ntwo\r\n" }]);
    const args = ["storageattach", "my machine", "--medium", 'C:\\a "b"\\c d.iso'];
    expect(await vbox.call(args)).toBe("one\ntwo\n");
    expect(calls[0]?.[0]).toBe("C:\\Program Files\\Oracle\\VirtualBox\\VBoxManage.exe");
    expect(calls[0]?.[1]).toEqual(args);
    expect(calls[0]?.[2].environment).toMatchObject({ LC_ALL: "C.UTF-8", HOME: folder });
  });

  it("leaves Windows' environment alone", async () => {
    const { vbox, calls } = scripted([{}], "win32");
    await vbox.call(["list", "vms"]);
    expect(calls[0]?.[2].environment).not.toHaveProperty("LC_ALL");
  });

  it("reaches a real program with blanks, quotes and empty arguments as they are", async () => {
    const args = ["a b", 'say "hi"', "", "back\\slash\\", "$HOME `id` ; *", "ä"];
    const script = "process.stdout.write(JSON.stringify(process.argv.slice(1)))";
    const result = await runProcess(process.execPath, ["-e", script, "--", ...args], { timeoutSeconds: 20 });
    expect(JSON.parse(result.stdout)).toEqual(args);
  });
});

describe("an error", () => {
  it("carries arguments, status, code and remedy", async () => {
    const { vbox } = scripted([{ status: 1, stderr: KVM }]);
    const error = await errorOf(vbox.call(["startvm", "my machine", "--type", "headless"]));
    expect(error).toMatchObject({
      args: ["startvm", "my machine", "--type", "headless"],
      status: 1,
      code: "VERR_VMX_IN_VMX_ROOT_MODE",
    });
    expect(error.message).toContain(
      'VBoxManage startvm "my machine" --type headless failed (status 1, VERR_VMX_IN_VMX_ROOT_MODE)',
    );
    expect(error.remedy).toContain("kvm.enable_virt_at_load=0");
  });

  it("of a start is the missing driver's, though it says only that the machine has terminated", async () => {
    const warning =
      "WARNING: The character device /dev/vboxdrv does not exist.\n\t You will not be able to start VMs until this problem is fixed.\n";
    const stderr =
      "VBoxManage: error: The virtual machine 'm' has terminated unexpectedly during startup with exit code 1 (0x1)\n" +
      "VBoxManage: error: Details: code NS_ERROR_FAILURE (0x80004005), component MachineWrap, interface IMachine\n";
    const remedyOf = async (...call: string[]) =>
      (await errorOf(scripted([{ status: 1, stdout: warning, stderr }]).vbox.call(call))).remedy;
    expect(await remedyOf("startvm", "m")).toContain("virtualbox-dkms");
    expect(await remedyOf("modifyvm", "m")).not.toContain("virtualbox-dkms");
    expect(
      (await errorOf(scripted([{ status: 1, stderr }]).vbox.call(["startvm", "m"]))).remedy,
    ).not.toContain("virtualbox-dkms");
  });

  it("is found despite exit status 0", async () => {
    const { vbox } = scripted([
      { status: 0, stderr: "0%...\r\nVBoxManage.exe: error: Failed to create medium\r\n" },
    ]);
    expect((await errorOf(vbox.call(["createmedium"]))).detail).toBe("Failed to create medium");
  });

  it("is not the driver's warning, nor progress", async () => {
    const stderr = `WARNING: The character device /dev/vboxdrv does not exist.\n\t You will not be able to start VMs until this problem is fixed.\n0%...100%\n`;
    await expect(scripted([{ stderr }]).vbox.call(["list", "vms"])).resolves.toBe("");
  });

  it("says so when the program cannot be started or does not end", async () => {
    expect((await errorOf(scripted([{ status: null, startError: "ENOENT" }]).vbox.call(["list"]))).code).toBe(
      "ENOENT",
    );
    expect(
      (await errorOf(scripted([{ status: null, timedOut: true }]).vbox.call(["list"], 7))).detail,
    ).toContain("7 s");
  });

  it.each([
    ["VERR_NEM_VM_CREATE_FAILED", "hypervisorlaunchtype"],
    ["VERR_VM_DRIVER_NOT_INSTALLED", "vboxconfig"],
    ["VERR_SVM_HOST_SVME_NOT_ENABLED", "7.2.10"],
    ["VERR_DISK_FULL", "disk space"],
    ["VERR_ALREADY_EXISTS", "left from before"],
  ])("%s has its own remedy", async (code, word) => {
    const { vbox } = scripted([{ status: 1, stderr: `VBoxManage: error: it failed (${code})\n` }]);
    expect(await errorOf(vbox.call(["x"]))).toMatchObject({ code, remedy: expect.stringContaining(word) });
  });

  it("ends a process that does not end by itself", async () => {
    const result = await runProcess(process.execPath, ["-e", "setInterval(() => 0, 1000)"], {
      timeoutSeconds: 0.3,
    });
    expect(result).toMatchObject({ status: null, timedOut: true });
  });
});

describe("repeating", () => {
  it("goes on until the lock is free", async () => {
    const { vbox, calls } = scripted([
      { status: 1, stderr: LOCKED },
      { status: 1, stderr: LOCKED },
      { stdout: "ok" },
    ]);
    expect(await vbox.call(["modifyvm", "m"])).toBe("ok");
    expect(calls).toHaveLength(3);
  });

  it("has a bound", async () => {
    const { vbox, calls } = scripted([{ status: 1, stderr: LOCKED }]);
    const error = await errorOf(vbox.call(["modifyvm", "m"]));
    expect(error).toMatchObject({ isLocked: true, code: "VBOX_E_INVALID_OBJECT_STATE" });
    expect(calls.length).toBeGreaterThan(3);
  });

  it("is for locks only", async () => {
    for (const stderr of [KVM, NOT_FOUND, "VBoxManage: error: The machine 'locked' has no disk\n"]) {
      const { vbox, calls } = scripted([{ status: 1, stderr }]);
      await errorOf(vbox.call(["startvm", "m"]));
      expect(calls).toHaveLength(1);
    }
  });

  it("covers the service's own starting and stopping, when the call has done nothing", async () => {
    const words =
      "VBoxManage: error: Failed to create the VirtualBox object!\nVBoxManage: error: Code NS_ERROR_FAILURE (0x80004005) - Operation failed (extended info not available)\n";
    const { vbox, calls } = scripted([{ status: 1, stderr: words }, { stdout: "ok" }]);
    expect(await vbox.call(["setextradata", "m", "k", "v"])).toBe("ok");
    expect(calls).toHaveLength(2);
  });

  it("knows the other words for a lock", async () => {
    for (const words of [
      "Cannot unregister the machine 'm' while it is locked",
      "Medium 'x.vdi' is locked for reading by another task",
    ]) {
      const { vbox, calls } = scripted([{ status: 1, stderr: `VBoxManage: error: ${words}\n` }, {}]);
      await vbox.call(["unregistervm", "m"]);
      expect(calls).toHaveLength(2);
    }
  });
});

describe("what is not there", () => {
  it("is undefined where that is an answer", async () => {
    await expect(
      scripted([{ status: 1, stderr: NOT_FOUND }]).vbox.callIfThere(["showvminfo", "m"]),
    ).resolves.toBeUndefined();
    await expect(
      scripted([{ status: 1, stderr: KVM }]).vbox.callIfThere(["showvminfo", "m"]),
    ).rejects.toThrow(VBoxManageError);
  });
});

describe("exclusive work", () => {
  it("is done one after the other", async () => {
    const { vbox } = scripted([{}]);
    let inside = 0;
    let most = 0;
    const work = async () => {
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setTimeout(resolve, 20));
      inside--;
    };
    await Promise.all([1, 2, 3].map((number) => vbox.exclusively(`number ${number}`, work)));
    expect(most).toBe(1);
  });
});

describe("calls at the same time", () => {
  /** The most that ran at once, of four made by two processes' programs. */
  async function mostAtOnce(verb: string, hypervisor: "virtualbox" | "embedded"): Promise<number> {
    let inside = 0;
    let most = 0;
    const run: RunProcess = async () => {
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setTimeout(resolve, 20));
      inside--;
      return { status: 0, stdout: "", stderr: "", timedOut: false };
    };
    const open = () =>
      new VBoxManage({
        ...{ path: "VBoxManage", hypervisor, platform: "linux", environment: {}, run },
        ...{ lockFile: path.join(folder, "turns"), log: () => undefined },
      });
    const [one, two] = [open(), open()];
    await Promise.all([one, two, one, two].map((vbox) => vbox.call([verb])));
    return most;
  }

  it("take turns when they are short", async () => {
    expect(await mostAtOnce("modifyvm", "virtualbox")).toBe(1);
  });

  it("run together when they may be long, or have no service to wait for", async () => {
    expect(await mostAtOnce("startvm", "virtualbox")).toBe(4);
    expect(await mostAtOnce("modifyvm", "embedded")).toBe(4);
  });

  it("do not wait for long for one that hangs", async () => {
    const started: string[] = [];
    const run: RunProcess = async (_file, [verb = ""]) => {
      started.push(verb);
      await new Promise((resolve) => setTimeout(resolve, verb === "list" ? 3_000 : 1));
      return { status: 0, stdout: "", stderr: "", timedOut: false };
    };
    const vbox = new VBoxManage({
      ...{ path: "VBoxManage", hypervisor: "virtualbox", platform: "linux", environment: {}, run },
      ...{ lockFile: path.join(folder, "hanging"), log: () => undefined },
    });
    const hanging = vbox.call(["list"]).then(() => started.push("end of list"));
    await vbox.call(["modifyvm"]);
    expect(started).toEqual(["list", "modifyvm"]);
    await hanging;
  });

  it("do not wait for one that has failed", async () => {
    const { vbox } = scripted([{ status: 1, stderr: NOT_FOUND }, { stdout: "ok" }]);
    const [first, second] = await Promise.allSettled([
      vbox.call(["showvminfo", "m"]),
      vbox.call(["list", "vms"]),
    ]);
    expect(first.status).toBe("rejected");
    expect(second).toEqual({ status: "fulfilled", value: "ok" });
  });
});
