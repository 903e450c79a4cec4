import { createServer } from "node:net";
import { forwardChecks } from "../../../lab/forward-checks";

test("lists what is forwarded, and says of a port where nobody listens what repairs it", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const outputs = { forwards: { [`127.0.0.1:${port}`]: "default/web:80, 192.168.2.200:80" } };
  const check = { kind: "forward", name: `127.0.0.1:${port}` };
  expect(await forwardChecks(outputs)).toEqual([
    { ...check, healthy: true, detail: "default/web:80, 192.168.2.200:80" },
  ]);
  await new Promise((resolve) => server.close(resolve));
  expect(await forwardChecks(outputs)).toEqual([
    { ...check, healthy: false, detail: expect.stringMatching(/nobody listens: npm run up repairs it$/) },
  ]);
  expect(await forwardChecks({})).toEqual([]);
});
