import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { SpecificationError } from "../../../hypervisor/driver/errors";
import {
  findIsoTool,
  type IsoTool,
  isoArguments,
  isoToolRemedy,
  makeIso,
} from "../../../hypervisor/driver/iso";
import { parseSeedContent, writeSeed } from "../../../hypervisor/machine/seed";
import { type Host, onPath, thisHost } from "../../../lib/host";
import type { RunProcess } from "../../../lib/process";
import { RemedyError } from "../../../lib/remedy-error";
import { onPosix } from "../../systems";
import { hostLike, scratch } from "./fixtures";

const { folder, remove } = scratch();
afterAll(remove);

describe("the ISO tool", () => {
  const oscdimg =
    "C:\\Program Files (x86)\\Windows Kits\\10\\Assessment and Deployment Kit\\Deployment Tools\\amd64\\Oscdimg\\oscdimg.exe";

  it.each<[NodeJS.Platform, NodeJS.ProcessEnv, string[], IsoTool]>([
    ["linux", { PATH: "/usr/bin" }, ["/usr/bin/mkisofs", "/usr/bin/genisoimage"], "genisoimage"],
    ["linux", { PATH: "/bin:/usr/bin" }, ["/usr/bin/xorrisofs"], "xorrisofs"],
    ["darwin", { PATH: "/opt/homebrew/bin" }, ["/usr/bin/hdiutil", "/opt/homebrew/bin/mkisofs"], "hdiutil"],
    ["win32", { Path: "C:\\Windows" }, [oscdimg], "oscdimg"],
    ["win32", { Path: "C:\\my tools" }, ["C:\\my tools\\mkisofs.exe"], "mkisofs"],
  ])("on %s with %j and %j is %s", (platform, environment, files, tool) => {
    expect(findIsoTool(hostLike(platform, environment, files))?.tool).toBe(tool);
  });

  it("can be missing, and every system has its own remedy", async () => {
    expect(findIsoTool(hostLike("linux", { PATH: "/usr/bin" }, []))).toBeUndefined();
    const remedies = (["linux", "darwin", "win32"] as const).map((platform) => isoToolRemedy(platform));
    expect(new Set(remedies).size).toBe(3);
    const request = { source: folder, target: path.join(folder, "x.iso"), label: "cidata" };
    await expect(makeIso(request, hostLike("win32", {}, []))).rejects.toMatchObject({ remedy: remedies[2] });
  });
});

describe("its arguments", () => {
  const request = { source: "/tmp/a b/volume", target: "/x y/seed.iso", label: "cidata" };

  it.each<IsoTool>(["genisoimage", "mkisofs", "xorrisofs"])("%s: label, Joliet and Rock Ridge", (tool) => {
    expect(isoArguments(tool, request)).toEqual([
      ...["-quiet", "-output", "/x y/seed.iso", "-volid", "cidata", "-joliet", "-rock", "/tmp/a b/volume"],
    ]);
  });

  it("hdiutil: a hybrid of ISO and Joliet, both with the label", () => {
    const labels = [
      "-default-volume-name",
      "cidata",
      "-iso-volume-name",
      "cidata",
      "-joliet-volume-name",
      "cidata",
    ];
    expect(isoArguments("hdiutil", request)).toEqual([
      ...[
        "makehybrid",
        "-quiet",
        "-ov",
        "-iso",
        "-joliet",
        ...labels,
        "-o",
        "/x y/seed.iso",
        "/tmp/a b/volume",
      ],
    ]);
  });

  it("oscdimg: the label joins its option, source before target, paths with blanks as one argument", () => {
    const windows = { source: "C:\\a b\\volume", target: "D:\\My VMs\\seed.iso", label: "cidata" };
    expect(isoArguments("oscdimg", windows)).toEqual([
      "-j1",
      "-m",
      "-o",
      "-lcidata",
      "C:\\a b\\volume",
      "D:\\My VMs\\seed.iso",
    ]);
  });
});

describe("a seed", () => {
  const content = {
    userData: "#cloud-config\nwrite_files: []\n",
    metaData: "instance-id: kube-lab-dev-kube-mast01\n",
    networkConfig: "version: 2\nethernets: {}\n",
  };
  const target = path.join(folder, "seeds", "kube-lab-dev-kube-mast01.iso");
  const host = thisHost();
  const all = ["genisoimage", "mkisofs", "xorrisofs", "hdiutil", "oscdimg"] as const;
  const tools = all.filter((tool) => findIsoTool(having(tool))?.tool === tool);

  /** This computer as if it had no other tool. */
  function having(tool: IsoTool): Host {
    const isTool = (file: string) => path.parse(file).name === tool;
    return { ...host, exists: (file) => isTool(file) && host.exists(file) };
  }

  (tools.length > 0 ? it.each(tools) : it.skip.each(["no ISO tool on this computer"]))(
    "made by %s has label, files and mode",
    async (tool) => {
      await writeSeed(content, target, having(tool as IsoTool));
      if (process.platform !== "win32") expect(statSync(target).mode & 0o777).toBe(0o600);
      expect(readdirSync(path.dirname(target))).toEqual([path.basename(target)]);
      // cloud-init takes the label in either case.
      const label = readFileSync(target).subarray(32808, 32840).toString().trim();
      expect(label.toLowerCase()).toBe("cidata");
      if (onPath(host, "bsdtar") === undefined) return;
      const read = (name: string) => execFileSync("bsdtar", ["-xOf", target, name]).toString();
      const names = execFileSync("bsdtar", ["-tf", target])
        .toString()
        .split("\n")
        .filter((name) => name && name !== ".");
      expect(names.sort()).toEqual(["meta-data", "network-config", "user-data"]);
      expect([read("user-data"), read("meta-data"), read("network-config")]).toEqual(Object.values(content));
    },
  );

  onPosix("leaves nothing readable by others behind, nor anything at all after an error", async () => {
    const seen: number[] = [];
    const run: RunProcess = async (_file, args) => {
      const source = args.at(-1) ?? "";
      seen.push(
        statSync(path.dirname(source)).mode & 0o777,
        ...readdirSync(source).map((name) => statSync(path.join(source, name)).mode & 0o777),
      );
      return { status: 1, stdout: "", stderr: "no space left", timedOut: false };
    };
    const failing = path.join(folder, "failing", "x.iso");
    const other = { ...host, exists: () => true };
    await expect(writeSeed(content, failing, other, run)).rejects.toThrow(RemedyError);
    expect(seen).toEqual([0o700, 0o600, 0o600, 0o600]);
    expect(readdirSync(path.dirname(failing))).toEqual([]);
  });

  it("is read strictly, and errors never quote it", () => {
    expect(parseSeedContent(JSON.stringify(content))).toEqual(content);
    for (const wrong of ['{"userData": "SECRET"', '"SECRET"', '{"userData": "SECRET", "extra": "SECRET"}']) {
      const error = (() => {
        try {
          return parseSeedContent(wrong);
        } catch (reason) {
          return reason;
        }
      })();
      expect(error).toBeInstanceOf(SpecificationError);
      expect((error as Error).message).not.toContain("SECRET");
    }
  });

  it("takes a volume with a large label and its own files for the image's bundle", async () => {
    const source = path.join(folder, "bundle");
    mkdirSync(path.join(source, "bin"), { recursive: true });
    writeFileSync(path.join(source, "bin", "kubeadm"), "x");
    if (tools.length === 0) return;
    const bundle = path.join(folder, "bundle.iso");
    await makeIso({ source, target: bundle, label: "KUBE_BUNDLE" }, host);
    expect(statSync(bundle).size).toBeGreaterThan(0);
  });
});
