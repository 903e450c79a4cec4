import { summarize } from "../../../lab/healthy";

const check = (name: string) => ({ kind: "node", name, healthy: false, detail: "NotReady" });

test.each([
  [[], "every check passes"],
  [[check("a")], "1 check fails, node a: NotReady"],
  [[check("a"), check("b")], "2 checks fail, node a: NotReady"],
])("%j in a line", (ailing, line) => expect(summarize(ailing)).toBe(line));
