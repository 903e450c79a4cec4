import { execFileSync } from "node:child_process";
import { mkdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { exampleLab, firstOf } from "./example-lab";
import { testWith } from "./tool";
import { type WrittenMachine, writeMachine } from "./written-machine";

const plan = exampleLab({ certificates: { leafDays: 20, renewBeforeDays: 5 } });

/** A certificate signed by itself, with its key; one of -1 days has run out a day ago. */
function pair(folder: string, name: string, days: number): void {
  const call = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
  const key = [
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
    "-nodes",
    "-keyout",
    `${name}.key`,
  ];
  call("req", "-new", ...key, "-subj", `/CN=${name}`, "-out", `${name}.request`);
  const request = ["-req", "-in", `${name}.request`, "-signkey", `${name}.key`];
  call("x509", ...request, "-days", String(days), "-out", `${name}.crt`);
}

describe.each(["master", "worker"] as const)("the kubelet's certificate of a %s", (role) => {
  let machine: WrittenMachine;
  let folder: string;
  beforeAll(() => {
    machine = writeMachine(plan, firstOf(plan, role));
  });
  beforeEach(() => {
    folder = machine.at("/pki");
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    pair(folder, "old", -1);
    pair(folder, "living", 3650);
    pair(folder, "ca", 3650);
  });
  afterAll(() => machine.remove());

  const certified = (current: string | undefined, given = "living") => {
    const folderOf = `KUBELET_CERTIFICATE=${folder}/kubelet-client-current.pem; KUBELET_CONFIG=${folder}/kubelet.conf
      CERTIFICATES=${folder}; PAIR=${folder}/${given}; systemctl() { :; }; install() { :; }`;
    if (current !== undefined)
      execFileSync("bash", ["-c", `cat ${current}.crt ${current}.key >kubelet-client-current.pem`], {
        cwd: folder,
      });
    return machine.run("kubelet_certificate", folderOf);
  };
  const subject = () =>
    execFileSync(
      "openssl",
      ["x509", "-noout", "-subject", "-enddate", "-in", `${folder}/kubelet-client-current.pem`],
      {
        encoding: "utf8",
      },
    );

  testWith("openssl")("is kept while it lives", () => {
    expect(certified("living").status).toBe(0);
    expect(subject()).toContain("CN = living");
  });

  testWith("openssl").each([
    ["there is none", undefined],
    ["it has run out", "old"],
  ])("is recreated where %s", (_, current) => {
    expect(certified(current).status).toBe(0);
    const text = subject();
    if (role === "worker") expect(text).toContain("CN = living");
    else {
      expect(text).toContain("O = system:nodes, CN = system:node:kube-mast01");
      const days = (Date.parse(/notAfter=(.*)/.exec(text)?.[1] ?? "") - Date.now()) / 86_400_000;
      expect(Math.round(days)).toBe(20);
    }
    expect(realpathSync(`${folder}/kubelet-client-current.pem`)).toContain("kubelet-client-first.pem");
  });

  if (role === "worker")
    testWith("openssl")("cannot be had where the one that was given has run out, too: `up` renews it", () => {
      const { status, words } = certified("old", "old");
      expect(status).toBe(1);
      expect(words).toContain("npm run up");
    });
});

describe("a delivery over certificates that have run out", () => {
  let machine: WrittenMachine;
  beforeAll(() => {
    machine = writeMachine(plan, firstOf(plan, "master"));
    mkdirSync(machine.at("/pki"));
    pair(machine.at("/pki"), "old", -1);
    pair(machine.at("/pki"), "living", 3650);
  });
  afterAll(() => machine.remove());

  const waits = (name: string, certificate: string, converged = false) => {
    writeFileSync(machine.at("/run/kube-lab/converged"), "");
    if (!converged) rmSync(machine.at("/run/kube-lab/converged"));
    rmSync(machine.at("/run/kube-lab/expired"), { force: true });
    return (
      machine.run(
        `note_expired ${machine.at(`/pki/${certificate}.crt`)}; if awaits_others; then echo no; else echo yes; fi`,
        `. "$LIBRARY/apply.sh"; MACHINE=${name}`,
      ).words === "yes\n"
    );
  };

  testWith("openssl")("is not waited for on masters that need the others' new ones first", () => {
    mkdirSync(machine.at("/run/kube-lab"), { recursive: true });
    expect(waits("kube-mast01", "old")).toBe(false);
    expect(waits("kube-mast03", "old")).toBe(true);
    expect(waits("kube-mast01", "living")).toBe(true);
    expect(waits("kube-mast01", "old", true)).toBe(true);
  });
});

test("a node that the cluster has forgotten is registered again, and one that is known is left alone", () => {
  const worker = writeMachine(plan, firstOf(plan, "worker"));
  const restarts = (code: string) =>
    worker.run(
      "register_node; node_verify",
      `node_code() { echo ${code}; }; pause() { SECONDS=$((SECONDS + 31)); }; forget_pods() { :; }; verify_table() { :; }; verify_policies() { :; }
systemctl() { echo "systemctl $*"; }`,
    ).words;
  expect(restarts("404")).toMatch(
    /systemctl restart kubelet.service\nthe cluster does not know the node kube-node01\n$/,
  );
  for (const code of ["200", "000"]) expect(restarts(code)).toBe("");
  worker.remove();
});

testWith("jq")("a node is ready when its kubelet has said so since it was started", () => {
  const machine = writeMachine(plan, firstOf(plan, "worker"));
  const reported = (time: string, status = "True") =>
    machine.run(
      "node_reported",
      `systemctl() { echo "Thu 2026-11-26 09:30:00 UTC"; }
      as_node() { echo '{"status": {"conditions": [{"type": "Ready", "status": "${status}", "lastHeartbeatTime": "${time}"}]}}'; }`,
    ).status === 0;
  expect(reported("2026-11-26T09:30:05Z")).toBe(true);
  expect(reported("2026-11-26T09:29:58Z")).toBe(false);
  expect(reported("2026-11-26T09:30:05Z", "False")).toBe(false);
  machine.remove();
});
