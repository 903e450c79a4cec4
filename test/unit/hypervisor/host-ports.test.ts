import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { ensureMachine } from "../../../hypervisor/machine/machine";
import {
  listenerOn,
  portHindrance,
  requireFreePorts,
  requireOwnPorts,
} from "../../../hypervisor/network/host-ports";
import { GATEWAY, IMAGE, scratch } from "./fixtures";
import { SimulatedVBoxManage } from "./simulated-vboxmanage";

const MACHINE = { name: "gate-node01", role: "gateway" as const, hypervisorName: GATEWAY.machine };
const [forward] = GATEWAY.forwards;

let simulated: SimulatedVBoxManage;
let remove: () => void;
beforeEach(async () => {
  const place = scratch();
  remove = place.remove;
  simulated = new SimulatedVBoxManage(place.folder);
  await simulated.makeTemplate(IMAGE);
  await ensureMachine(simulated.open(), GATEWAY, () => undefined);
});
afterEach(() => remove());

const free = (taken: number[]) =>
  requireFreePorts(simulated.open(), [MACHINE], async (_address, port) =>
    taken.includes(port) ? "taken" : undefined,
  );

it("names a port that a stopped machine forwards and somebody else has, before anything is started", async () => {
  if (forward === undefined) throw new Error("the gateway has forwards");
  simulated.machine(GATEWAY.machine).state = "poweroff";
  await free([]);
  await expect(free([forward.hostPort])).rejects.toMatchObject({
    message: expect.stringMatching(
      new RegExp(
        `port ${forward.hostPort} of ${forward.hostAddress}, the lab's for ${forward.name}, is taken`,
      ),
    ),
    remedy: expect.stringMatching(/End the program.*hostAccess/),
  });
});

it("names an address that this computer has no more, before anything is started", async () => {
  if (forward === undefined) throw new Error("the gateway has forwards");
  simulated.machine(GATEWAY.machine).state = "poweroff";
  const gone = requireFreePorts(
    simulated.open(),
    [MACHINE],
    async () => "no address of this computer" as const,
  );
  await expect(gone).rejects.toMatchObject({
    message: expect.stringMatching(
      `${forward.hostAddress}, where port ${forward.hostPort} is the lab's for ${forward.name}, is no address of this computer.*Nothing was touched`,
    ),
    remedy: expect.stringMatching(/^Give this computer its address again, or change hostAccess/),
  });
});

it("lets a running machine keep its own", async () => {
  if (forward === undefined) throw new Error("the gateway has forwards");
  await free([forward.hostPort]);
});

describe("a machine that is made, changed or started", () => {
  const own = (taken: boolean, port = forward?.hostPort ?? 0) =>
    requireOwnPorts(
      simulated.open(),
      { ...GATEWAY, forwards: GATEWAY.forwards.map((rule) => ({ ...rule, hostPort: port })) },
      async () => (taken ? "taken" : undefined),
    );

  it("is asked for nothing while its ports are free", async () => {
    simulated.calls.length = 0;
    await own(false);
    expect(simulated.calls).toEqual([]);
  });

  it.each(["running", "paused"])("keeps the port that it holds itself: %s", async (state) => {
    simulated.machine(GATEWAY.machine).state = state;
    await own(true);
  });

  it.each(["poweroff", "aborted", "saved"])("needs a port that another program has: %s", async (state) => {
    simulated.machine(GATEWAY.machine).state = state;
    await expect(own(true)).rejects.toThrow(
      new RegExp(`port ${forward?.hostPort} of .* is taken.*gate-node01 was not touched`),
    );
  });

  it("needs one while it runs that it does not hold yet", async () => {
    await expect(own(true, 2345)).rejects.toThrow(/port 2345 of .* is taken/);
  });

  it("needs one that is not there yet", async () => {
    simulated.machines.delete(GATEWAY.machine);
    await expect(own(true)).rejects.toThrow(/is taken/);
  });
});

it("says where the system knows it who listens", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const said = listenerOn(port);
  await new Promise((resolve) => server.close(resolve));
  if (existsSync("/usr/bin/ss")) expect(said).toBe(`node (process ${process.pid})`);
  else expect(said).toBeUndefined();
});

it("knows a port that is taken by listening on it", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  expect(await portHindrance("127.0.0.1", port)).toBe("taken");
  await new Promise((resolve) => server.close(resolve));
  expect(await portHindrance("127.0.0.1", port)).toBeUndefined();
});

it("knows an address that is another computer's", async () => {
  // Reserved for documentation by RFC 5737: nobody has it.
  expect(await portHindrance("192.0.2.1", 18080)).toBe("no address of this computer");
});
