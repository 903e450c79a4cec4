import { changedSince } from "../../../scripts/lab-snapshots";

const prefix = "urn:pulumi:dev::kube-lab::lab:index:Lab$command:local:Command::lab";
const machines = [{ name: "kube-mast01" }, { name: "kube-node01" }, { name: "kube-node02" }];

test("a machine has changed when an update came to its hardware or its files after the snapshot", () => {
  const resources = [
    { urn: `${prefix}-masters-kube-mast01-hardware`, modified: "2026-11-21T04:33:09.9Z" },
    { urn: `${prefix}-workers-kube-node01-node-apply`, modified: "2026-11-21T04:33:11Z" },
    { urn: `${prefix}-seal`, modified: "2026-11-21T05:00:00Z" },
    { urn: `${prefix}-image` },
  ];
  expect(changedSince(resources, machines, "2026-11-21T04:33:10Z")).toEqual(["kube-node01"]);
  expect(changedSince(resources, machines, "2026-11-21T04:00:00Z")).toEqual(["kube-mast01", "kube-node01"]);
});
