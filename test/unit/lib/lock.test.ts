import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withLock } from "../../../lib/lock";

let file: string;
const asked = { log: () => undefined, what: "the test's lock", boundSeconds: 5 };

beforeEach(() => {
  file = join(mkdtempSync(join(tmpdir(), "kube-lab-lock-")), "thing");
});

afterEach(() => rmSync(join(file, ".."), { recursive: true }));

test("one after the other has it, and nothing is left", async () => {
  let inside = 0;
  let most = 0;
  const work = async () => {
    most = Math.max(most, ++inside);
    await new Promise((resolve) => setTimeout(resolve, 20));
    inside--;
  };
  await Promise.all([1, 2, 3].map(() => withLock(file, asked, work)));
  expect(most).toBe(1);
  expect(existsSync(`${file}.lock`)).toBe(false);
});

test("who does not wait is refused at once, and told what to do", async () => {
  await withLock(file, asked, async () => {
    const impatient = withLock(file, { ...asked, boundSeconds: 0 }, async () => undefined);
    await expect(impatient).rejects.toMatchObject({
      message: expect.stringContaining("the test's lock"),
      remedy: expect.stringContaining(`${file}.lock`),
    });
  });
});

test("work that fails lets go of it", async () => {
  const failing = withLock(file, asked, () => Promise.reject(new Error("no luck")));
  await expect(failing).rejects.toThrow("no luck");
  expect(existsSync(`${file}.lock`)).toBe(false);
});
