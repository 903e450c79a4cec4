import Module from "node:module";

// To be imported before the SDK. Together they spare a preview about a fifth of its time.

/** Half of what the SDK loads is for carrying functions into a cloud and for driving the CLI, which the lab does not. */
for (const unused of ["@npmcli/arborist", "normalize-package-data", "@pulumi/pulumi/automation"]) {
  const path = require.resolve(unused, { paths: [require.resolve("@pulumi/pulumi")] });
  const empty = new Module(path);
  empty.loaded = true;
  require.cache[path] = empty;
}

/** Three of four calls to the engine are the SDK's own trace, one after the other, which the engine then throws away. */
Reflect.set(require("@pulumi/pulumi/log"), "debug", () => Promise.resolve());
