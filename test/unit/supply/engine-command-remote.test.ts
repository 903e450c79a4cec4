import { setTimeout as delay } from "node:timers/promises";
import type { ServerChannel } from "ssh2";
import { command } from "../../../supply/engine/plugins/command/provider";
import {
  isSecret,
  type PropertyMap,
  reveal,
  secret,
  unwrap,
} from "../../../supply/engine/plugins/protocol/value";
import { recordingContext } from "./engine-call-context";
import { type Accepted, type Handler, type KeyPair, keyPair, SshServer } from "./engine-ssh-server";

const remote = command.resources.get("command:remote:Command");
if (remote === undefined) throw new Error("no remote command");

let user: KeyPair;
let hostKey: KeyPair;
const servers: SshServer[] = [];

beforeAll(async () => {
  user = await keyPair();
  hostKey = await keyPair();
});

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function serve(
  handler: Handler,
  accepted: Accepted = { user: "debian", publicKey: user.public },
  port = 0,
) {
  const server = new SshServer(hostKey, accepted, handler);
  servers.push(server);
  return { server, port: await server.listen(port) };
}

function finish(channel: ServerChannel, status: number): void {
  channel.exit(status);
  channel.end();
}

/** Prints what it gets. */
const echo: Handler = (line, channel, environment) => {
  let input = "";
  channel.on("data", (data: Buffer) => {
    input += data.toString();
  });
  channel.on("end", () => {
    channel.write(`${line} got ${input}${environment.NAME ?? ""}\n`);
    channel.stderr.write("noted\n");
    finish(channel, 0);
  });
};

function endpoint(port: number, more: PropertyMap = {}): PropertyMap {
  return {
    host: "127.0.0.1",
    port,
    user: "debian",
    privateKey: user.private,
    hostKey: hostKey.public,
    dialErrorLimit: 1,
    ...more,
  };
}

async function create(inputs: PropertyMap, recording = recordingContext()) {
  const { inputs: checked, failures } = remote?.check(inputs) ?? { inputs: {}, failures: [] };
  expect(failures).toEqual([]);
  return (await remote?.create(checked, false, recording.context))?.outputs;
}

test("runs a command with input and environment", async () => {
  const { port } = await serve(echo);
  const recording = recordingContext();
  const inputs = { create: "sudo kube-lab apply", stdin: secret("files "), environment: { NAME: "kube" } };
  const outputs = await create({ ...inputs, connection: endpoint(port) }, recording);
  expect(outputs).toMatchObject({ ...inputs, stdout: "sudo kube-lab apply got files kube", stderr: "noted" });
  expect(recording.statuses.sort()).toEqual(["noted", "sudo kube-lab apply got files kube"]);
});

test("goes through a jump host", async () => {
  const jump = await serve((_line, channel) => finish(channel, 1));
  const target = await serve(echo);
  const outputs = await create({
    create: "id",
    connection: endpoint(target.port, { proxy: endpoint(jump.port) }),
  });
  expect(outputs?.stdout).toBe("id got ");
  expect([jump.server.logins, target.server.logins]).toEqual([1, 1]);
});

test("takes a password, and an encrypted connection's secrets stay marked", async () => {
  const { port } = await serve(echo, { user: "root", password: "let me in" });
  const outputs = await create({
    create: "id",
    connection: { host: "127.0.0.1", port, password: "let me in" },
  });
  expect(isSecret(outputs?.connection)).toBe(true);
  const connection = unwrap(outputs?.connection) as PropertyMap;
  expect(isSecret(connection.password)).toBe(true);
  expect(reveal(connection)).toEqual({
    host: "127.0.0.1",
    port,
    user: "root",
    password: "let me in",
    dialErrorLimit: 10,
    perDialTimeout: 15,
  });
});

test("another host key than the expected one is refused, on the way and at the end", async () => {
  const { server, port } = await serve(echo);
  const other = (await keyPair()).public;
  const wrong = endpoint(port, { hostKey: other, dialErrorLimit: 0 });
  await expect(create({ create: "id", connection: wrong })).rejects.toThrow(
    /after 0 failed attempts: debian@127\.0\.0\.1:\d+: .*verif/i,
  );
  await expect(create({ create: "id", connection: endpoint(port, { proxy: wrong }) })).rejects.toThrow(
    /^proxy: after 0/,
  );
  expect(server.logins).toBe(0);
  await expect(create({ create: "id", connection: endpoint(port, { hostKey: "none" }) })).rejects.toThrow(
    "failed to parse host key",
  );
});

test("a wrong key fails after the given attempts, with none of its text", async () => {
  const { port } = await serve(echo);
  const wrong = (await keyPair()).private;
  const recording = recordingContext();
  const attempt = create(
    { create: "id", connection: endpoint(port, { privateKey: wrong, dialErrorLimit: 2 }) },
    recording,
  );
  await expect(attempt).rejects.toThrow(/after 2 failed attempts/);
  expect(recording.statuses).toEqual(["Dial 1/2 failed: retrying", "Dial 2/2 failed: retrying"]);
});

test("waits for a machine that is still booting", async () => {
  const jump = await serve((_line, channel) => finish(channel, 1));
  const { port, server } = await serve(echo);
  await server.close();
  servers.splice(servers.indexOf(server), 1);
  const recording = recordingContext();
  const connection = endpoint(port, { dialErrorLimit: -1, proxy: endpoint(jump.port) });
  const running = create({ create: "id", connection }, recording);
  while (!recording.statuses.includes("Dial from proxy 2/inf failed: retrying")) await delay(10);
  await serve(echo, undefined, port);
  expect((await running)?.stdout).toBe("id got ");
});

test("survives the loss of the jump host while it waits", async () => {
  const jump = await serve((_line, channel) => finish(channel, 1));
  const recording = recordingContext();
  const { port, server } = await serve(echo);
  await server.close();
  servers.splice(servers.indexOf(server), 1);
  const connection = endpoint(port, {
    dialErrorLimit: -1,
    proxy: endpoint(jump.port, { dialErrorLimit: -1 }),
  });
  const running = create({ create: "id", connection }, recording);
  while (!recording.statuses.includes("Dial from proxy 1/inf failed: retrying")) await delay(10);
  await jump.server.close();
  servers.splice(servers.indexOf(jump.server), 1);
  while (!recording.statuses.includes("Dial proxy 1/inf failed: retrying")) await delay(10);
  await serve((_line, channel) => finish(channel, 1), undefined, jump.port);
  await serve(echo, undefined, port);
  expect((await running)?.stdout).toBe("id got ");
});

test("a failing command says its status, itself and all it printed", async () => {
  const { port } = await serve((_line, channel) => {
    channel.write("step 1\n");
    channel.stderr.write("no space\n");
    finish(channel, 3);
  });
  const failing = create({ create: "sudo x", connection: endpoint(port) });
  await expect(failing).rejects.toThrow(
    /^Process exited with status 3: running "sudo x":\n(step 1\nno space|no space\nstep 1)\n$/,
  );
});

test("a connection lost on the way is a failure", async () => {
  const { port } = await serve((_line, channel) => {
    channel.write("on it\n");
    setTimeout(() => channel.end(), 50);
    setTimeout(() => channel.close(), 60);
  });
  await expect(create({ create: "x", connection: endpoint(port) })).rejects.toThrow("without exit status");
});

test("cancelling ends the wait and the command", async () => {
  const { port } = await serve((_line, channel) => channel.write("working\n"));
  const recording = recordingContext();
  const running = create({ create: "x", connection: endpoint(port) }, recording);
  const failed = expect(running).rejects.toThrow(/^cancelled/);
  while (recording.statuses.length === 0) await delay(10);
  recording.cancel();
  await failed;
  const waiting = recordingContext();
  const dialing = create({ create: "x", connection: endpoint(1, { dialErrorLimit: -1 }) }, waiting);
  const ended = expect(dialing).rejects.toThrow("cancelled");
  while (waiting.statuses.length === 0) await delay(10);
  waiting.cancel();
  await ended;
});

test("the connection is required and checked", () => {
  const properties = (inputs: PropertyMap) => remote?.check(inputs).failures.map(({ property }) => property);
  expect(properties({ create: "x" })).toEqual(["connection"]);
  expect(properties({ connection: secret({ host: "a", hots: "b", proxy: { port: "22" } }) })).toEqual([
    "connection.hots",
    "connection.proxy.port",
  ]);
});
