import {
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import os, { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { load } from "js-yaml";
import { kubeconfigPath, withLabContext, withoutLabContext } from "../../../scripts/host/kubeconfig-file";
import {
  addKubeconfig,
  addSshInclude,
  removeKubeconfig,
  renewPersonalFiles,
} from "../../../scripts/host/personal-files";
import { fromAnywhere, withInclude, withoutInclude } from "../../../scripts/host/ssh-include";
import { onPosix } from "../../systems";

const lab = `
clusters: [{ name: kube-lab-dev, cluster: { server: "https://127.0.0.1:18080" } }]
contexts: [{ name: admin@kube-lab-dev, context: { cluster: kube-lab-dev, user: admin } }]
users: [{ name: kube-lab-dev-admin, user: { client-key-data: a2V5 } }]
current-context: admin@kube-lab-dev
`;
const own = `apiVersion: v1
kind: Config
clusters:
  - name: work
    cluster:
      server: https://work
contexts:
  - name: work
    context:
      cluster: work
      user: me
users:
  - name: me
    user: {}
current-context: work
preferences:
  colors: true
`;

describe("a person's kubeconfig", () => {
  it("gets the lab's context beside its own, which stays the current one", () => {
    const merged = load(withLabContext(own, lab)) as Record<string, { name: string }[]>;
    expect(merged.clusters?.map(({ name }) => name)).toEqual(["work", "kube-lab-dev"]);
    expect(merged.users?.map(({ name }) => name)).toEqual(["me", "kube-lab-dev-admin"]);
    expect(merged["current-context"]).toBe("work");
    expect(merged.preferences).toEqual({ colors: true });
  });

  it("has the lab once however often it is added, and is as before when it is taken out", () => {
    const twice = withLabContext(withLabContext(own, lab), lab);
    expect((load(twice) as Record<string, unknown[]>).contexts).toHaveLength(2);
    expect(load(withoutLabContext(twice, lab))).toEqual(load(own));
    expect(withoutLabContext(own, lab)).toBe(own);
  });

  it("keeps the namespace that was chosen in the lab's context when it is added again", () => {
    const chosen = withLabContext(own, lab).replace(
      "user: admin",
      "user: admin\n      namespace: kube-system",
    );
    const renewed = withLabContext(chosen, lab.replace("a2V5", "bmV3"), lab);
    expect(load(renewed)).toMatchObject({
      contexts: [
        { name: "work" },
        { name: "admin@kube-lab-dev", context: { user: "admin", namespace: "kube-system" } },
      ],
    });
    expect(renewed).toContain("bmV3");
    expect(load(withoutLabContext(renewed, lab))).toEqual(load(own));
  });

  it("may be new: then the lab is what kubectl asks, and nobody afterwards", () => {
    const fresh = withLabContext("", lab);
    expect(load(fresh)).toMatchObject({ kind: "Config", "current-context": "admin@kube-lab-dev" });
    expect(load(withoutLabContext(fresh, lab))).toMatchObject({ clusters: [], "current-context": "" });
  });

  it("is the first that KUBECONFIG names", () => {
    const home = process.platform === "win32" ? "C:\\home" : "/home/me";
    expect(kubeconfigPath({ KUBECONFIG: "mine" }, home)).toBe("mine");
    expect(kubeconfigPath({ KUBECONFIG: "" }, home)).toMatch(/\.kube.config$/);
  });
});

describe("a person's ssh configuration", () => {
  const config = "Host *\n  ForwardAgent yes\n";
  const file = "/project/.kube-lab/ssh-include-dev";

  it("includes the lab's before all else, once, and is as before when that is taken out", () => {
    const added = withInclude(withInclude(config, file), file);
    expect(added).toBe(`Include "${file}"\n${config}`);
    expect(withoutInclude(added, file)).toBe(config);
    expect(withoutInclude(config, file)).toBe(config);
  });

  it("finds the lab's key from any folder", () => {
    const relative = 'IdentityFile ".kube-lab/ssh/dev/id_ed25519"\n';
    expect(fromAnywhere(relative, "/100% mine")).toBe(
      'IdentityFile "/100%% mine/.kube-lab/ssh/dev/id_ed25519"\n',
    );
  });
});

describe("the person's files, beside a lab's own", () => {
  let folder: string;
  let before: { folder: string; environment: NodeJS.ProcessEnv };
  const labFile = ".kube-lab/dev.kubeconfig";
  const home = (file: string) => join(folder, "home", file);

  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "kube-lab-personal-")));
    before = { folder: process.cwd(), environment: { ...process.env } };
    mkdirSync(join(folder, "project/.kube-lab/ssh/dev"), { recursive: true });
    mkdirSync(home(".kube"), { recursive: true });
    process.chdir(join(folder, "project"));
    jest.spyOn(os, "homedir").mockReturnValue(home(""));
    process.env.KUBECONFIG = join(folder, "project", labFile);
    writeFileSync(labFile, lab);
    writeFileSync(".kube-lab/ssh/dev/config", "Host kube-mast01\n");
  });
  afterEach(() => {
    jest.restoreAllMocks();
    process.chdir(before.folder);
    process.env = before.environment;
    rmSync(folder, { recursive: true });
  });

  onPosix("get the lab's context though KUBECONFIG names the lab's own file, which stays as it is", () => {
    expect(addKubeconfig("dev")).toBe(home(".kube/config"));
    expect(load(readFileSync(home(".kube/config"), "utf8"))).toEqual(load(withLabContext("", lab)));
    removeKubeconfig("dev");
    expect(readFileSync(labFile, "utf8")).toBe(lab);
  });

  onPosix("get it though KUBECONFIG names the own file of a lab of another copy of the project", () => {
    const other = join(folder, "other", labFile);
    mkdirSync(dirname(other), { recursive: true });
    writeFileSync(other, lab);
    process.env.KUBECONFIG = other;
    expect(addKubeconfig("dev")).toBe(home(".kube/config"));
    expect(readFileSync(other, "utf8")).toBe(lab);
  });

  onPosix("stay their owner's, and nobody else reads the lab's key there", () => {
    writeFileSync(home("shared"), own, { mode: 0o644 });
    const isRoot = process.getuid?.() === 0;
    if (isRoot) chownSync(home("shared"), 12345, 12346);
    const { uid, gid } = statSync(home("shared"));
    process.env.KUBECONFIG = home("shared");
    addKubeconfig("dev");
    const after = statSync(home("shared"));
    expect([after.uid, after.gid, after.mode & 0o777]).toEqual([uid, gid, 0o600]);
  });

  onPosix("stay links, also to what is not there yet, and a link to a lab's own file is that file", () => {
    symlinkSync("../dotfiles-kube", home(".kube/config"));
    symlinkSync(join(folder, "project", labFile), home("link"));
    process.env.KUBECONFIG = home("link");
    expect(addKubeconfig("dev")).toBe(home(".kube/config"));
    expect(lstatSync(home(".kube/config")).isSymbolicLink()).toBe(true);
    expect(readFileSync(home("dotfiles-kube"), "utf8")).toContain("kube-lab-dev");
    expect(readFileSync(labFile, "utf8")).toBe(lab);
  });

  onPosix("have it in one file only, whatever KUBECONFIG names the second time", () => {
    const own = "contexts: [{ name: mine, context: { cluster: c, user: u } }]\ncurrent-context: mine\n";
    for (const name of ["first", "second"]) writeFileSync(home(name), own);
    process.env.KUBECONFIG = home("first");
    addKubeconfig("dev");
    process.env.KUBECONFIG = home("second");
    addKubeconfig("dev");
    expect(readFileSync(home("first"), "utf8")).not.toContain("kube-lab-dev");
    expect(readFileSync(home("second"), "utf8")).toContain("kube-lab-dev");
    removeKubeconfig("dev");
    for (const name of ["first", "second"])
      expect(load(readFileSync(home(name), "utf8"))).toMatchObject(load(own) as object);
  });

  onPosix("learn of renewed certificates and added machines where the lab was added, and only there", () => {
    renewPersonalFiles("dev");
    expect(lstatSync(home(".kube/config"), { throwIfNoEntry: false })).toBeUndefined();
    const target = addKubeconfig("dev");
    addSshInclude("dev");
    writeFileSync(labFile, lab.replace("a2V5", "bmV3").replaceAll("admin@", "other@"));
    writeFileSync(".kube-lab/ssh/dev/config", "Host kube-mast01\nHost kube-node04\n");
    renewPersonalFiles("dev");
    const text = readFileSync(target, "utf8");
    expect(text).toContain("bmV3");
    expect(load(text)).toMatchObject({
      contexts: [{ name: "other@kube-lab-dev" }],
      "current-context": "other@kube-lab-dev",
    });
    expect(readFileSync(".kube-lab/ssh-include-dev", "utf8")).toContain("kube-node04");
  });
});
