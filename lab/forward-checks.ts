import net from "node:net";
import type { Check } from "./check";
import type { LabOutputs } from "./outputs";

const boundMs = 3000;

/**
 * The user's own forwards: whether their ports of this computer lead to the gateway. Whether what is behind them answers is not the
 * lab's health.
 */
export function forwardChecks(
  { forwards = {} }: Pick<LabOutputs, "forwards">,
  isOpen = answers,
): Promise<Check[]> {
  return Promise.all(
    Object.entries(forwards).map(async ([port, to]) => {
      const healthy = await isOpen(port);
      const detail = healthy ? to : `${to}; nobody listens: npm run up repairs it`;
      return { kind: "forward", name: port, healthy, detail };
    }),
  );
}

/** @param port `127.0.0.1:8088`; 0.0.0.0 is where the host listens, not where one can connect to */
function answers(port: string): Promise<boolean> {
  const [address = "", number = ""] = port.split(":");
  const host = address === "0.0.0.0" ? "127.0.0.1" : address;
  return new Promise((resolve) => {
    const socket = net.connect({ host, port: Number(number), timeout: boundMs });
    const end = (open: boolean) => {
      socket.destroy();
      resolve(open);
    };
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
    socket.once("timeout", () => end(false));
  });
}
