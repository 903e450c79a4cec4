/** A port of the host that leads to a port of a machine, or to a service of the cluster by an address in the lab. */
export interface PortForward {
  /** 1024 to 65535. */
  hostPort: number;
  /** A machine's name, or an IPv4 address in the lab's networks. */
  target: string;
  /** 1 to 65535. */
  port: number;
}

/** One that `npm run forward` has added to a living lab. */
export interface AddedForward extends PortForward {
  /** What it leads to, for a person: `default/web:80`. */
  about: string;
}

/** Below it, only an administrator may listen on most systems. */
export const firstHostPort = 1024;
export const lastPort = 65535;

/** `8088:kube-node01:30080`, in the order of `ssh -L`; undefined for anything else. */
export function parsePortForward(text: string): PortForward | undefined {
  const [, host, target, to] = /^(\d{1,5}):([a-z][-a-z0-9]*|\d[\d.]*):(\d{1,5})$/.exec(text) ?? [];
  const [hostPort, port] = [Number(host), Number(to)];
  const fits = hostPort >= firstHostPort && hostPort <= lastPort && port >= 1 && port <= lastPort;
  return target !== undefined && fits ? { hostPort, target, port } : undefined;
}

/** The text that `parsePortForward` reads. */
export function formatPortForward({ hostPort, target, port }: PortForward): string {
  return `${hostPort}:${target}:${port}`;
}
