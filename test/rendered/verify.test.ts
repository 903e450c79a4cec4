import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delivery } from "../../cloud-init/delivery";
import { exampleLab, firstOf } from "./example-lab";
import { toolEnvironment } from "./tool";
import { type WrittenMachine, writeMachine } from "./written-machine";

const plan = exampleLab();

/** Says of each unit that it is active, but of those in $STOPPED; a started unit of ours has converged at once. */
const systemctl = `#!/bin/bash
echo "$*" >>"$CALLS"
case $1 in
  is-active)
    shift
    if [ "$1" = --quiet ]; then [[ " $STOPPED " != *" $2 "* ]]; exit; fi
    for unit in "$@"; do
      case " $STOPPED " in
        *" $unit "*) echo inactive ;;
        *" $unit:moment "*) [ -e "$CALLS.again" ] && echo active || echo inactive; touch "$CALLS.again" ;;
        *) echo active ;;
      esac
    done
    ;;
  is-failed) exit 1 ;;
  start) [ "$2" != kube-lab.service ] || echo 1764145000 >"$KUBE_LAB_ROOT/run/kube-lab/converged" ;;
esac
`;
const nft = `#!/bin/bash
[ "$1" != --stateless ] || cat "$KUBE_LAB_ROOT/table"
`;

describe("kube-lab verify and apply", () => {
  let gateway: WrittenMachine;
  const state = (name: string) => gateway.at(`/var/lib/kube-lab/${name}`);

  beforeEach(() => {
    gateway = writeMachine(plan, firstOf(plan, "gateway"));
    mkdirSync(gateway.at("/bin"));
    for (const [name, script] of Object.entries({ systemctl, nft })) {
      writeFileSync(gateway.at(`/bin/${name}`), script);
      chmodSync(gateway.at(`/bin/${name}`), 0o755);
    }
    writeFileSync(gateway.at("/table"), "table inet kube_lab {}\n");
    mkdirSync(gateway.at("/etc/systemd/system/multi-user.target.wants"));
    writeFileSync(gateway.at("/etc/systemd/system/multi-user.target.wants/kube-lab.service"), "");
    // What a pass does at its end, and the host's first delivery.
    gateway.render(
      '. "$LIBRARY/base.sh"; render_names; render_filter; base_note; table_digest kube_lab >"$RUN/table-kube_lab"',
      { PATH: `${gateway.at("/bin")}:${toolEnvironment().PATH}` },
    );
    writeFileSync(gateway.at("/run/kube-lab/converged"), "1764145000\n");
    expect(apply().passes).toBe(0);
  });
  afterEach(() => gateway.remove());

  function kubeLab(words: string[], { stopped = "", input = "" } = {}) {
    const calls = gateway.at("/calls");
    rmSync(calls, { force: true });
    const result = spawnSync("bash", [gateway.at("/usr/local/sbin/kube-lab"), ...words], {
      encoding: "utf8",
      input,
      env: {
        ...toolEnvironment(),
        PATH: `${gateway.at("/bin")}:${toolEnvironment().PATH}`,
        KUBE_LAB_ROOT: gateway.root,
        KUBE_LAB_LIBRARY: gateway.at("/usr/local/lib/kube-lab"),
        CALLS: calls,
        STOPPED: stopped,
      },
    });
    expect({ status: result.status, stderr: result.stderr }).toEqual({ status: 0, stderr: "" });
    const called = existsSync(calls) ? readFileSync(calls, "utf8").split("\n") : [];
    return { lines: result.stdout.trimEnd().split("\n"), called };
  }

  /** What the host delivers again, and how many passes that began. */
  function apply(stopped = "") {
    const { lines, called } = kubeLab(["apply"], { stopped, input: delivery(gateway.files) });
    return { lines, passes: called.filter((call) => call === "start kube-lab.service").length };
  }
  const faults = (stopped = "") => {
    const [since, ...rest] = kubeLab(["verify"], { stopped }).lines;
    expect(since).toBe("1764145000");
    return rest;
  };

  test("find nothing where all is as the last pass left it, and begin no new pass", () => {
    expect(faults()).toEqual([]);
    expect(apply().passes).toBe(0);
  });

  test("a service that was stopped is named, and makes a new pass", () => {
    expect(faults("dnsmasq.service")).toEqual(["dnsmasq.service is stopped"]);
    expect(apply("dnsmasq.service").passes).toBe(1);
  });

  test("a delivered file that was edited or removed is named, and written again", () => {
    const [edited, gone] = ["/usr/local/lib/kube-lab/dnsmasq.conf", "/etc/profile.d/kube-lab.sh"];
    const original = gateway.read(edited);
    writeFileSync(gateway.at(edited), "nothing\n");
    rmSync(gateway.at(gone));
    expect(faults().sort()).toEqual(
      [`${gateway.at(gone)} is missing`, `${gateway.at(edited)} was edited`].sort(),
    );
    expect(apply().passes).toBe(1);
    expect(gateway.read(edited)).toBe(original);
    expect(existsSync(gateway.at(gone))).toBe(true);
    expect(faults()).toEqual([]);
  });

  test("a key that somebody has put among the lab's is theirs from then on, and no delivery takes it", () => {
    const file = `/etc/ssh/authorized_keys.d/${plan.user}`;
    const [labs, theirs] = [gateway.read(file), "ssh-ed25519 AAAA somebody"];
    gateway.run('. "$LIBRARY/base.sh"; base_ssh', "systemctl() { return 1; }");
    expect(existsSync(state("authorized_keys"))).toBe(true);
    for (const more of ["", "ssh-rsa AAAA another\n"]) {
      writeFileSync(gateway.at(file), `${labs}${theirs}\n${more}`);
      expect(apply().passes).toBe(1);
      expect(gateway.read(file)).toBe(labs);
      expect(gateway.read(`${file}.local`)).toBe(`${theirs}\n${more}`);
    }
    expect(faults()).toEqual([]);
  });

  test("a rendered file that was edited is named, and makes a new pass", () => {
    writeFileSync(gateway.at("/etc/dnsmasq.conf"), "port=5353\n");
    expect(faults()).toEqual([`${gateway.at("/etc/dnsmasq.conf")} was edited`]);
    expect(apply().passes).toBe(1);
  });

  test("rules that somebody has changed are named", () => {
    writeFileSync(gateway.at("/table"), "table inet kube_lab { chain open {} }\n");
    expect(faults()).toEqual(["the packet filter's table kube_lab was changed"]);
  });

  test("a lost environment is repaired, too", () => {
    rmSync(gateway.at("/etc/kube-lab/environment"));
    expect(apply().passes).toBe(1);
    expect(faults()).toEqual([]);
  });

  test("what is over in a moment is no fault", () => {
    expect(faults("dnsmasq.service:moment")).toEqual([]);
  });

  test("a machine that stopped on its way, or fails again and again, says why; the next delivery begins a pass", () => {
    rmSync(gateway.at("/run/kube-lab/converged"));
    writeFileSync(gateway.at("/run/kube-lab/status"), "1764140000 waiting for the network\n");
    expect(kubeLab(["verify"], { stopped: "kube-lab.service" }).lines).toEqual([
      "1764140000",
      "kube-lab.service is stopped",
    ]);
    writeFileSync(gateway.at("/run/kube-lab/reason"), "dnsmasq refuses /etc/dnsmasq.conf\n");
    expect(kubeLab(["verify"]).lines).toEqual([
      "1764140000",
      "has not converged: dnsmasq refuses /etc/dnsmasq.conf",
    ]);
    expect(apply("kube-lab.service").passes).toBe(1);
    expect(faults()).toEqual([]);
  });

  test("find no fault while a pass is under way, but say since when it is", () => {
    rmSync(gateway.at("/run/kube-lab/converged"));
    writeFileSync(gateway.at("/run/kube-lab/status"), "1764140000 waiting for the network\n");
    expect(kubeLab(["verify"], { stopped: "dnsmasq.service" }).lines).toEqual(["1764140000"]);
  });

  test("notes of files are root's alone", () => {
    for (const name of ["delivered", "rendered"])
      expect(spawnSync("stat", ["-c", "%a", state(name)], { encoding: "utf8" }).stdout).toBe("600\n");
  });

  test("the gateway knows every other machine once", () => {
    const others: string[] = [];
    gateway.render(`. "$LIBRARY/verify.sh"; other_machines >"$KUBE_LAB_ROOT/others"`);
    for (const line of gateway.read("/others").trimEnd().split("\n")) others.push(line);
    const expected = plan.machines.slice().filter(({ role }) => role !== "gateway");
    expect(others.sort()).toEqual(expected.map(({ address, name }) => `${address} ${name}`).sort());
  });
});
