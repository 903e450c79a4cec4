import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { machinesOf } from "../../plan/lab-plan";
import { exampleLab, firstOf } from "./example-lab";
import { expectAccepted, testWith, toolEnvironment } from "./tool";
import { type WrittenMachine, writeMachine } from "./written-machine";

const applications = { addons: { traefik: { enabled: true } } };

describe.each([
  [1, {}],
  [2, {}],
  [3, {}],
  [2, applications],
  [2, { ...applications, workers: { count: 0 } }],
  [3, { addons: { ...applications.addons, headlamp: { enabled: true } } }],
])("%d load balancers of %j", (count, raw) => {
  const plan = exampleLab({ ...raw, loadBalancers: { count } });
  const { enabled } = plan.addons.headlamp;
  let balancer: WrittenMachine;
  beforeAll(() => {
    balancer = writeMachine(plan, firstOf(plan, "loadBalancer"));
    balancer.render('render_haproxy; render_corosync; render_resources "/var/lib/cib.xml"');
  });
  afterAll(() => balancer.remove());

  testWith("haproxy")("haproxy -c accepts its configuration", () => {
    const path = balancer.at("/etc/haproxy/haproxy.cfg");
    // The authority's file and the chroot are where this computer has them.
    const here = readFileSync(path, "utf8")
      .replaceAll("/etc/kube-lab/", balancer.at("/etc/kube-lab/"))
      .replaceAll("/run/haproxy/", `${balancer.root}/`);
    writeFileSync(path, here);
    expectAccepted("haproxy", ["-c", "-f", path]);
    // Its name is taken only where its part is read.
    const again = balancer.at("/etc/haproxy/again.cfg");
    writeFileSync(again, `${here}\nfrontend dashboard\n  mode tcp\n  bind :1\n`);
    const { status } = spawnSync("haproxy", ["-c", "-f", again], { env: toolEnvironment() });
    expect(status === 0).toBe(!enabled);
  });

  test("every master answers for the dashboard where it is on", () => {
    const lines = balancer.read("/etc/haproxy/haproxy.cfg").match(/^ +server \S+ \S+:30082$/gm) ?? [];
    expect(lines).toHaveLength(enabled ? 3 : 0);
  });

  test("applications go to the port of every node that has pods, or nowhere", () => {
    const configuration = balancer.read("/etc/haproxy/haproxy.cfg");
    const sent = (nodePort: number) =>
      [...configuration.matchAll(/^ {2}server (\S+) \S+:(\d+)$/gm)].flatMap(([, name, port]) =>
        port === String(nodePort) ? [name] : [],
      );
    const role = plan.machines.some((machine) => machine.role === "worker") ? "worker" : "master";
    const nodes = plan.applications ? machinesOf(plan, role).map(({ name }) => name) : [];
    expect(sent(30080)).toEqual(nodes);
    expect(sent(30443)).toEqual(nodes);
    expect(/bind :80\n/.test(configuration)).toBe(plan.applications !== undefined);
  });

  testWith("xmllint")("the cluster's resources are well-formed", () => {
    expectAccepted("xmllint", ["--noout", balancer.at("/var/lib/cib.xml")]);
  });

  test("every balancer is a node of corosync, and two are enough for each other", () => {
    const corosync = balancer.read("/etc/corosync/corosync.conf");
    expect(corosync.match(/ring0_addr/g)).toHaveLength(count);
    expect(corosync).toContain(`two_node: ${count === 2 ? 1 : 0}`);
  });

  test("the password is in files of root only", () => {
    for (const file of balancer.files.filter(({ content }) => content.includes("a-statistics-password"))) {
      expect(file.mode).toBe("0600");
    }
  });
});

describe("a resource whose stop failed", () => {
  const plan = exampleLab();
  const balancer = writeMachine(plan, firstOf(plan, "loadBalancer"));
  afterAll(balancer.remove);

  /** What the program that pacemaker calls at an event asks of it. */
  const asked = (event: Record<string, string>) => {
    writeFileSync(balancer.at("crm_resource"), '#!/bin/sh\necho "$@"\n', { mode: 0o755 });
    const env = { ...toolEnvironment(), PATH: `${balancer.root}:${process.env.PATH}`, ...event };
    return spawnSync(alert, { env, encoding: "utf8" }).stdout;
  };
  const path = /<alert id="stop-failed" path="([^"]+)"/.exec(
    balancer.read("/usr/local/lib/kube-lab/cib.xml"),
  )?.[1];
  const alert = balancer.at(path ?? "");
  const stop = { CRM_alert_kind: "resource", CRM_alert_task: "stop", CRM_alert_rsc: "virtual-ip" };

  test("is looked at afresh, where it would be taken for running", () => {
    const failed = { ...stop, CRM_alert_rc: "1", CRM_alert_node: "hapx-node01" };
    expect(asked(failed)).toBe("--refresh --resource virtual-ip --node hapx-node01\n");
  });

  test.each<[string, Record<string, string>]>([
    ["a stop that went well", { ...stop, CRM_alert_rc: "0" }],
    ["a failed monitor", { ...stop, CRM_alert_task: "monitor", CRM_alert_rc: "1" }],
    ["a node's coming", { CRM_alert_kind: "node", CRM_alert_desc: "member" }],
  ])("%s asks for nothing", (_, event) => {
    expect(asked(event)).toBe("");
  });
});

describe("a balancer that is to go", () => {
  const plan = exampleLab();
  let balancer: WrittenMachine;
  beforeAll(() => {
    balancer = writeMachine(plan, firstOf(plan, "loadBalancer"));
  });
  afterAll(() => balancer.remove());

  /** As pacemaker 3.0 prints it, whatever the order and quotes of its attributes. */
  const crmMon = `crm_mon() { cat <<'XML'
<?xml version="1.0"?>
<pacemaker-result api-version="2.38" request="crm_mon --one-shot --output-as=xml">
  <nodes>
    <node name="hapx-node01" id="11" online="true" standby="false" resources_running="2" type="member"/>
    <node resources_running='0' name='hapx-node02' id='12' online='true' standby='true' type='member'/>
  </nodes>
  <resources><resource id="virtual-ip"><node name="hapx-node02" id="12" cached="true"/></resource></resources>
</pacemaker-result>
XML
}`;

  testWith("jq").each([
    ["hapx-node01", false],
    ["hapx-node02", true],
    ["hapx-node0", false],
  ])("%s runs nothing any more: %s", (name, runsNothing) => {
    expect(balancer.run(`runs_nothing ${name}`, crmMon).status === 0).toBe(runsNothing);
  });

  testWith("jq")("is waited for where pacemaker does not answer", () => {
    expect(balancer.run("runs_nothing hapx-node02", "crm_mon() { return 102; }").status).not.toBe(0);
  });

  testWith("jq")("shows in the status whether it is in the cluster", () => {
    const { words } = balancer.run("role_status", `${crmMon}; ip() { :; }; socat() { :; }`);
    expect(JSON.parse(words)).toMatchObject({
      balancers: [
        { name: "hapx-node01", online: true },
        { name: "hapx-node02", online: true },
      ],
    });
  });
});
