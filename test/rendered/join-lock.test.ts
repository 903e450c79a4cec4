import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { exampleLab, firstOf } from "./example-lab";
import { testWith } from "./tool";
import { type WrittenMachine, writeMachine } from "./written-machine";

const plan = exampleLab();

/** An API server that knows one Lease, and refuses what a real one refuses. */
const api = (lease: string) => `
LEASE=${lease}
kubectl_lab() {
  local body
  case "$1 $2" in
    "create --raw")
      [ ! -e "$LEASE" ] || return 1
      jq --arg uid "$RANDOM$RANDOM" '.metadata += {uid: $uid, resourceVersion: "1"}' >"$LEASE.new"
      mv "$LEASE.new" "$LEASE" && cat "$LEASE" ;;
    "get lease") cat "$LEASE" ;;
    "patch lease")
      body="\${*: -1}"
      [ "$(jq -r .metadata.uid <<<"$body")" = "$(jq -r .metadata.uid "$LEASE")" ] || { echo Conflict; return 1; }
      jq --argjson patch "$body" '. * $patch | .metadata.resourceVersion |= (tonumber + 1 | tostring)' "$LEASE" >"$LEASE.new"
      mv "$LEASE.new" "$LEASE" ;;
    "delete --raw")
      body=$(cat)
      [ -e "$LEASE" ] || { echo "Error from server (NotFound)"; return 1; }
      jq -e --argjson wanted "$(jq .preconditions <<<"$body")" \\
        '.metadata | . == (. + ($wanted | with_entries(select(.value != null))))' "$LEASE" >/dev/null ||
        { echo "Error from server (Conflict): Precondition failed"; return 1; }
      rm "$LEASE" ;;
  esac
}`;

describe("the turn to change the control plane", () => {
  let master: WrittenMachine;
  let lease: string;
  beforeAll(() => {
    master = writeMachine(plan, firstOf(plan, "master"));
    lease = master.at("/lease.json");
  });
  beforeEach(() => rmSync(lease, { force: true }));
  afterAll(() => master.remove());

  const run = (commands: string, settings = "") => master.run(commands, `${api(lease)}\n${settings}`);
  const heldBy = (holder: string, uid = "other") =>
    writeFileSync(
      lease,
      JSON.stringify({ metadata: { uid, resourceVersion: "7" }, spec: { holderIdentity: holder } }),
    );

  testWith("jq")("is held while the command runs, given back after it, and its failure is passed on", () => {
    const { status, words } = run(
      'work() { jq -r .spec.holderIdentity "$LEASE"; return 3; }; with_join_lock work',
    );
    expect(words).toContain("kube-mast01");
    expect(status).toBe(3);
    expect(existsSync(lease)).toBe(false);
  });

  testWith("jq")("leaves what its caller wants to be done at the end, whatever ends it", () => {
    const caller = "trap 'echo the end' EXIT";
    expect(run(`${caller}; with_join_lock true; echo after`).words).toMatch(/after\nthe end/);
    expect(run(`${caller}; with_join_lock exit 4`)).toMatchObject({
      status: 4,
      words: expect.stringContaining("the end"),
    });
    expect(existsSync(lease)).toBe(false);
  });

  testWith("jq")("ends the pass at the step that fails, unless the caller looks at the status", () => {
    const failing = "work() { false; echo went on; }";
    const { status, words } = run(`${failing}; with_join_lock work; echo past it`);
    expect(words).not.toMatch(/went on|past it/);
    expect(status).toBe(1);
    expect(existsSync(lease)).toBe(false);
    expect(run("work() { return 3; }; with_join_lock work || echo status $?").words).toContain("status 3");
    expect(existsSync(lease)).toBe(false);
  });

  testWith("jq")("is given back by a command that ends the pass", () => {
    expect(run('work() { fail "no"; }; with_join_lock work').status).toBe(1);
    expect(existsSync(lease)).toBe(false);
  });

  testWith("jq")("is renewed for as long as the command runs", () => {
    const work =
      'work() { local first; first=$(cat "$LEASE"); sleep 1.5; [ "$first" != "$(cat "$LEASE")" ]; }';
    expect(run(`${work}; with_join_lock work`, "LOCK_RENEWAL_SECONDS=0.2").status).toBe(0);
  });

  testWith("jq")("is not another's to give back", () => {
    run(
      `work() { jq '.metadata.uid = "other"' "$LEASE" >"$LEASE.new"; mv "$LEASE.new" "$LEASE"; }; with_join_lock work`,
    );
    expect(JSON.parse(readFileSync(lease, "utf8"))).toMatchObject({ metadata: { uid: "other" } });
  });

  testWith("jq")("is taken from a holder that renews it no more, and from no other", () => {
    const settings = "LOCK_STALE_SECONDS=2";
    const renewing = `(for _ in $(seq 20); do sleep 0.25; jq '.metadata.resourceVersion |= (tonumber + 1 | tostring)' \
      "$LEASE" >"$LEASE.renewed" && mv "$LEASE.renewed" "$LEASE"; done) &`;
    heldBy("kube-mast02");
    const { words } = run(`SECONDS=0; ${renewing} with_join_lock eval 'echo "after $SECONDS"'`, settings);
    expect(Number(/after (\d+)/.exec(words)?.[1])).toBeGreaterThanOrEqual(6);
    heldBy("kube-mast02");
    expect(run("with_join_lock true", settings)).toMatchObject({
      status: 0,
      words: expect.stringContaining("taking over from kube-mast02"),
    });
  });

  testWith("jq")(
    "is taken at once from an earlier pass of the same machine, and not from one that goes on",
    () => {
      heldBy("kube-mast01");
      expect(run('SECONDS=0; with_join_lock true; [ "$SECONDS" -lt 5 ]').status).toBe(0);
      const other = 'exec 7>"$RUN/join-lock"; flock 7; (sleep 2) & SECONDS=0; exec 7>&-;';
      expect(run(`${other} with_join_lock true; [ "$SECONDS" -ge 1 ]`).status).toBe(0);
    },
  );
});
