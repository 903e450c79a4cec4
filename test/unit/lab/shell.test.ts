import type { ServerChannel } from "ssh2";
import { LabShell } from "../../../lab/shell";
import { type Handler, type KeyPair, keyPair, SshServer } from "../supply/engine-ssh-server";

let user: KeyPair;
let hostKey: KeyPair;
let server: SshServer;
let shell: LabShell;

beforeAll(async () => {
  user = await keyPair();
  hostKey = await keyPair();
});

afterEach(async () => {
  await shell.close();
  await server.close();
});

/** A lab whose gateway answers commands by a handler. */
async function serve(handler: Handler): Promise<void> {
  server = new SshServer(hostKey, { user: "debian", publicKey: user.public }, handler);
  const port = await server.listen();
  shell = new LabShell({
    ...{ host: "127.0.0.1", port, user: "debian", privateKey: user.private, gateway: "gate" },
    ...{ hostKeys: { gate: hostKey.public.trim() }, addresses: { gate: "127.0.0.1" } },
  });
}

async function read(lines: AsyncIterable<string>): Promise<string[]> {
  const found: string[] = [];
  for await (const line of lines) found.push(line);
  return found;
}

const end = (channel: ServerChannel, status: number) => {
  channel.exit(status);
  channel.end();
};

describe("the lines of a command", () => {
  it("come whole, however they were cut, also of one that ends at once", async () => {
    await serve((_, channel) => {
      channel.write(Buffer.from("one\ntw"));
      channel.write(Buffer.from("o\nä").subarray(0, 3));
      channel.write(Buffer.from("ä\nthree").subarray(1));
      end(channel, 0);
    });
    for (let time = 0; time < 20; time++)
      expect(await read(shell.lines("gate", "x"))).toEqual(["one", "two", "ä", "three"]);
  });

  it("end with an error that says what the command said", async () => {
    await serve((_, channel) => {
      channel.stderr.write("no such unit\n");
      end(channel, 3);
    });
    await expect(read(shell.lines("gate", "x"))).rejects.toThrow('gate: "x" ended with 3: no such unit');
  });

  it("end with an error where the connection is lost, or nothing comes in time", async () => {
    await serve((command, channel) => {
      channel.write("one\n");
      if (command === "lost") setTimeout(() => server.close(), 50);
    });
    await expect(read(shell.lines("gate", "silent", { silenceMs: 100 }))).rejects.toThrow("nothing came for");
    await expect(read(shell.lines("gate", "lost"))).rejects.toThrow("the connection was closed");
  });

  it("end without an error when nobody wants them any more", async () => {
    await serve((_, channel) => void channel.write("one\n"));
    const ending = new AbortController();
    const found: string[] = [];
    for await (const line of shell.lines("gate", "x", { signal: ending.signal })) {
      found.push(line);
      ending.abort();
    }
    expect(found).toEqual(["one"]);
  });

  it("are sent no faster than they are taken", async () => {
    let sent = 0;
    await serve((_, channel) => {
      const line = `${"x".repeat(1023)}\n`;
      const more = () => {
        if (sent >= 20_000) return end(channel, 0);
        sent++;
        // What the reader's window does not take makes the writer wait.
        if (channel.write(line)) setImmediate(more);
        else channel.once("drain", more);
      };
      more();
    });
    const lines = shell.lines("gate", "x");
    await lines.next();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    // Three buffers of 2 MiB: the window of SSH, and what waits before and behind it.
    expect(sent).toBeLessThan(10_000);
    await lines.return(undefined);
  });
});
