import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseConfiguration } from "../../../plan/config/configuration";
import { publicKeyFault } from "../../../plan/config/public-key";
import { planLab } from "../../../plan/plan";
import { problemsOf, refusal } from "./problems-of";

const folder = mkdtempSync(join(tmpdir(), "public-key-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A pair as ssh-keygen makes it. */
function pair(type: string, bits: number, name = `${type}${bits}`) {
  const file = join(folder, name);
  const kind = ["-t", type, "-b", String(bits)];
  // It would ask whether to overwrite one.
  rmSync(file, { force: true });
  execFileSync("ssh-keygen", ["-q", "-N", "", "-C", "a b@c", "-f", file, ...kind]);
  return { own: readFileSync(file, "utf8"), public: readFileSync(`${file}.pub`, "utf8") };
}

describe("publicKeyFault", () => {
  test.each([
    ["ed25519", 256],
    ["rsa", 2048],
    ["ecdsa", 256],
    ["ecdsa", 384],
    ["ecdsa", 521],
  ])("takes what ssh-keygen has written: %s of %i bits", (type, bits) => {
    const key = pair(type, bits).public;
    expect(publicKeyFault(key)).toBeUndefined();
    const [name = "", encoded = ""] = key.split(" ");
    expect(publicKeyFault(`${name} ${encoded}`)).toBeUndefined();
    expect(publicKeyFault(`${name} ${encoded.slice(0, -8)}`)).toMatch(/cut off|no whole key/);
    expect(publicKeyFault(`ssh-ed25519 ${encoded}`)).toEqual(
      type === "ed25519" ? undefined : expect.stringContaining("of another type"),
    );
  });

  test("takes keys of security tokens", () => {
    const text = (value: string) => Buffer.concat([length(value.length), Buffer.from(value)]);
    const length = (value: number) => Buffer.from([0, 0, 0, value]);
    const type = "sk-ssh-ed25519@openssh.com";
    const whole = Buffer.concat([text(type), length(32), Buffer.alloc(32, 7), text("ssh:")]);
    expect(publicKeyFault(`${type} ${whole.toString("base64")} token`)).toBeUndefined();
    const cut = whole.subarray(0, -8);
    expect(publicKeyFault(`${type} ${cut.toString("base64")} token`)).toBe("it is no whole key");
  });

  test("says what is wrong with others", () => {
    const { public: key } = pair("ed25519", 256, "wrong");
    expect(publicKeyFault(`from="10.0.0.1" ${key}`)).toContain("options");
    expect(publicKeyFault(`${key}${key}`)).toContain("more than one line");
    expect(publicKeyFault(key.replace("ssh-ed25519", "ssh-dss"))).toContain("DSA");
    expect(publicKeyFault("ssh-ed25519")).toContain("no base64");
    expect(publicKeyFault("me@example")).toContain("does not begin");
  });
});

test("a private key is refused without being shown, whatever it lost on its way", () => {
  const { own } = pair("ed25519", 256, "private");
  const lines = own.trim().split("\n");
  const pem = pair("ecdsa", 256, "pem");
  for (const text of [
    own,
    lines.slice(1, -1).join(""),
    lines.slice(1, -1).join("\n"),
    pem.own,
    [own, own].join("\n"),
  ]) {
    const given = { ssh: { authorizedKeys: [pem.public, text] } };
    expect(problemsOf(given)).toEqual([
      expect.objectContaining({
        key: "ssh.authorizedKeys[1]",
        value: "(secret)",
        reason: expect.stringContaining("private key"),
      }),
    ]);
    const message = refusal(given)?.message ?? "";
    for (const line of lines.slice(1, -1)) expect(message).not.toContain(line);
  }
  const [, inside = ""] = lines;
  for (const wrong of [
    { ssh: own },
    { ssh: { authorizedKey: own } },
    { ssh: { authorizedKeys: { a: own } } },
  ])
    expect(refusal(wrong)?.message).not.toContain(inside);
});

test("the plan has the keys as lines", () => {
  const key = pair("ed25519", 256, "line").public;
  const plan = planLab(parseConfiguration({ ssh: { authorizedKeys: [` ${key}`] } }), "dev");
  expect(plan.authorizedKeys).toEqual([key.trim()]);
});
