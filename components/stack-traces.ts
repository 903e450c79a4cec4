// To be imported before the SDK. It takes several stack traces per resource, and finding TypeScript's lines for each is a sixth of a
// preview's processor time: 6.7 s to 5.6 s, by `pulumi preview` of a reference lab that runs. Those that a person sees have these lines:
// a trace is made into text when it is first read.

const { prepareStackTrace } = Error;
if (prepareStackTrace !== undefined) {
  Reflect.deleteProperty(Error, "prepareStackTrace");
  const restore = () => {
    Error.prepareStackTrace = (error, frames) => ownFramesMapped(prepareStackTrace, error, frames);
  };
  // Before the SDK's own, which show the error.
  process.prependListener("uncaughtException", restore);
  process.prependListener("unhandledRejection", restore);
}

/**
 * The SDK's frames stay in JavaScript: its maps lead to `node_modules/@pulumi/output.ts`, a path on which `util.inspect` with colors,
 * by which errors are shown, takes half a minute and 2 GiB in Node.js 20 (lib/internal/util/inspect.js, markNodeModules).
 */
function ownFramesMapped(
  map: NonNullable<typeof prepareStackTrace>,
  error: Error,
  frames: NodeJS.CallSite[],
): string {
  const head = String(map(error, []));
  const lines = frames.map((frame) =>
    /[\\/]node_modules[\\/]/.test(frame.getFileName() ?? "")
      ? `\n    at ${frame}`
      : String(map(error, [frame])).slice(head.length),
  );
  return [head, ...lines].join("");
}
