import Module from "node:module";

// To be imported before the SDK. Together they spare a preview about a fifth of its time.

/** Half of what the SDK loads is npm's dependency solver, for carrying functions into a cloud, which the lab does not. */
const solver = require.resolve("@npmcli/arborist", { paths: [require.resolve("@pulumi/pulumi")] });
const empty = new Module(solver);
empty.loaded = true;
require.cache[solver] = empty;

/** Three of four calls to the engine are the SDK's own trace, one after the other, which the engine then throws away. */
Reflect.set(require("@pulumi/pulumi/log"), "debug", () => Promise.resolve());
