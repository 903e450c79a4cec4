/** `test` where the system has what is tested, a visible skip elsewhere: Linux has it all. */
function only(has: boolean): typeof test {
  return has ? test : (test.skip as typeof test);
}

/** File modes, signals, scripts that begin with #!. */
export const onPosix = only(process.platform !== "win32");

/** GNU's tar, OpenSSL's own wording, namespaces. */
export const onLinux = only(process.platform === "linux");

/** The system's rules of paths, for a simulated program whose files are real ones. */
export const thisSystem: NodeJS.Platform = process.platform === "win32" ? "win32" : "linux";
