// node kubectl.mjs apply|delete: one object by kubectl, until it is there with its pods ready, or gone. Both may be repeated.
// The object is in the variable OBJECT as JSON, the kubeconfig, a secret, on standard input.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

const TIMEOUT = "--timeout=180s";

const [verb] = process.argv.slice(2);
const object = process.env.OBJECT ?? "";

// kubectl reads it from a file alone: in a folder for this user's eyes, as long as kubectl runs.
const folder = mkdtempSync(join(tmpdir(), "lab-with-workload-"));
const kubeconfig = join(folder, "kubeconfig");
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(1));

writeFileSync(kubeconfig, await text(process.stdin), { mode: 0o600 });
if (verb === "apply") {
  const { kind, metadata } = JSON.parse(object);
  await kubectl(["apply", "--filename=-"], object);
  if (kind === "Deployment")
    await kubectl([
      "rollout",
      "status",
      `deployment/${metadata.name}`,
      `--namespace=${metadata.namespace}`,
      TIMEOUT,
    ]);
} else {
  await kubectl(["delete", "--ignore-not-found", "--filename=-", TIMEOUT], object);
}

/** Ends this program, too, where kubectl fails. */
function kubectl(words, input = "") {
  const environment = { ...process.env, KUBECONFIG: kubeconfig };
  const child = spawn("kubectl", words, { env: environment, stdio: ["pipe", "inherit", "inherit"] });
  child.stdin.on("error", () => {}).end(input);
  return new Promise((resolve) => {
    child.on("error", ({ message }) => fail(`kubectl could not be started (${message}): it must be on PATH`));
    child.on("close", (status) => (status === 0 ? resolve() : fail(`kubectl ${words[0]} failed`)));
  });
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
