import { readLine } from "../../../hypervisor/reality/inside";
import type { Inside } from "../../../hypervisor/reality/observation";

test("machines say since when, what they run and what is broken, in whatever order they answer", () => {
  const said = new Map<string, Inside>();
  for (const line of [
    "gate-node01\t1764145000",
    "kube-node01\t1764145001\t1.36.3",
    "gate-node01\tdnsmasq.service is stopped",
    "kube-node01\tcontainerd.service is stopped",
    "kube-mast01\t1764145002\tnot a release",
    "nobody",
  ])
    readLine(line, said);
  expect(Object.fromEntries(said)).toEqual({
    "gate-node01": { since: 1764145000, faults: ["dnsmasq.service is stopped"] },
    "kube-node01": { since: 1764145001, faults: ["containerd.service is stopped"], kubernetes: "1.36.3" },
    "kube-mast01": { since: 1764145002, faults: [] },
  });
});
