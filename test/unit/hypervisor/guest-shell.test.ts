import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { connect } from "node:net";
import path from "node:path";
import { Server, utils } from "ssh2";
import { type GuestAccess, parseGuestAccess } from "../../../hypervisor/guest/guest-access";
import { type AskGuest, withGuests } from "../../../hypervisor/guest/guest-shell";
import { type Host, thisHost } from "../../../lib/host";
import type { RunProcess } from "../../../lib/process";
import { onPosix } from "../../systems";
import { scratch } from "./fixtures";

const key = () => utils.generateKeyPairSync("ed25519");
const [userKey, gatewayKey, machineKey, strangerKey] = [key(), key(), key(), key()];
const { folder, remove } = scratch();
afterAll(remove);
const host: Host = { ...thisHost(), project: folder };
const temporary = path.join(folder, ".kube-lab", "tmp");

/** A machine that lets the user's key in, answers a command by its text, and is the way to the one behind it. */
function sshd(hostKey: string, behindPort?: number): Server {
  return new Server({ hostKeys: [hostKey] }, (connection) => {
    connection.on("error", () => undefined);
    connection.on("authentication", (context) => {
      const allowed = utils.parseKey(userKey.public);
      if (allowed instanceof Error) throw allowed;
      if (context.method === "publickey" && context.key.data.equals(allowed.getPublicSSH())) context.accept();
      else context.reject(["publickey"]);
    });
    connection.on("tcpip", (accept, reject) => {
      if (behindPort === undefined) return reject();
      const channel = accept();
      const socket = connect(behindPort, "127.0.0.1");
      for (const end of [channel, socket]) end.on("error", () => undefined);
      channel.pipe(socket).pipe(channel);
    });
    connection.on("session", (accept) =>
      accept().on("exec", (acceptExec, _reject, { command }) => {
        const channel = acceptExec();
        channel.write(`heard ${command}\n`);
        channel.exit(command.includes("fail") ? 3 : 0);
        channel.end();
      }),
    );
  });
}

function accessTo(port: number, machineHostKey = machineKey.public): GuestAccess {
  return {
    user: "debian",
    privateKey: userKey.private,
    gateway: { name: "gate-node01", address: "127.0.0.1", port, hostKey: gatewayKey.public },
    machine: { name: "kube-mast01", address: "192.0.2.10", hostKey: machineHostKey },
    peers: [{ name: "kube-mast01", address: "192.0.2.10", hostKey: machineHostKey }],
  };
}

const hasSsh = process.env.REQUIRE_ALL === "1" || spawnSync("ssh", ["-V"]).status === 0;
if (!hasSsh) console.warn("skipped: ssh is not installed (REQUIRE_ALL=1 makes that a failure)");
const withSsh = hasSsh ? onPosix : (test.skip as typeof test);

async function withLab<T>(work: (port: number) => Promise<T>): Promise<T> {
  const machine = sshd(machineKey.private);
  const gateway = sshd(gatewayKey.private, await listening(machine));
  try {
    return await work(await listening(gateway));
  } finally {
    for (const server of [gateway, machine]) server.close();
  }
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

withSsh(
  "a command runs on a machine behind the gateway, and what it says is shown",
  async () => {
    const lines: string[] = [];
    const ask = (work: (ask: AskGuest, access: GuestAccess) => Promise<unknown>, access: GuestAccess) =>
      withGuests(
        access,
        host,
        (line) => lines.push(line),
        (ask) => work(ask, access),
      );
    await withLab(async (port) => {
      const known = accessTo(port);
      expect(await ask((run) => run(known.machine, "do it", 20), known)).toEqual({
        ...{ reached: true, status: 0 },
        lastWords: "heard do it",
        output: "heard do it\n",
      });
      expect(lines).toEqual(["heard do it"]);
      expect(await ask((run) => run(known.gateway, "fail", 20), known)).toMatchObject({ status: 3 });

      const impostor = accessTo(port, strangerKey.public);
      expect(await ask((run) => run(impostor.machine, "do it", 20), impostor)).toMatchObject({
        ...{ reached: false, reason: expect.stringMatching(/host key/i) },
      });
    });
    const gone = accessTo(1);
    expect(await ask((run) => run(gone.machine, "do it", 20), gone)).toMatchObject({ reached: false });
  },
  60_000,
);

onPosix("the key is a private file while it is needed, and in no argument", async () => {
  const access = accessTo(2222);
  const look: RunProcess = async (_ssh, words, { folder: at = "" }) => {
    const file = (name: string) => path.join(at, name);
    expect(readFileSync(file("key"), "utf8")).toBe(`${userKey.private.trimEnd()}\n`);
    expect(statSync(file("key")).mode & 0o777).toBe(0o600);
    expect(statSync(at).mode & 0o777).toBe(0o700);
    expect(words.join(" ")).not.toContain("PRIVATE");
    return { status: 255, stdout: "", stderr: "", timedOut: false };
  };
  const answer = await withGuests(
    access,
    { ...host, exists: () => true },
    () => undefined,
    (ask) => ask(access.machine, "x", 1),
    look,
  );
  expect(answer).toEqual({ reached: false, reason: "no connection" });
  expect(existsSync(temporary) ? readdirSync(temporary) : []).toEqual([]);
});

test("without ssh the fix is named", async () => {
  const none = { ...host, exists: () => false };
  const failing = withGuests(
    accessTo(2222),
    none,
    () => undefined,
    async () => undefined,
  );
  await expect(failing).rejects.toMatchObject({ remedy: expect.stringContaining("openssh-client") });
});

test("access is read whole or refused without a word of it", () => {
  expect(parseGuestAccess(" ")).toBeUndefined();
  expect(parseGuestAccess(JSON.stringify(accessTo(2222)))).toEqual(accessTo(2222));
  for (const wrong of ["{", "[]", JSON.stringify({ ...accessTo(2222), peers: [{ name: "x" }] })])
    expect(() => parseGuestAccess(wrong)).toThrow(/^(?!.*PRIVATE)(.|\n)*standard input/);
});
