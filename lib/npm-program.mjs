import { dirname, join } from "node:path";

/**
 * How npm is started without a shell: by Node.js itself, since on Windows npm is a batch file that only cmd.exe can run.
 *
 * @param {{execPath: string, environment: Record<string, string | undefined>, exists: (file: string) => boolean}} node
 * @returns {string[] | undefined} program and first arguments; undefined where there is no npm
 */
export function npmProgram({ execPath, environment, exists }) {
  const folder = dirname(execPath);
  const candidates = [
    // npm says so itself to what it runs; another package manager names itself there.
    environment.npm_execpath ?? "",
    join(folder, "node_modules", "npm", "bin", "npm-cli.js"),
    join(folder, "..", "lib", "node_modules", "npm", "bin", "npm-cli.js"),
    // Debian's and Ubuntu's package.
    "/usr/share/nodejs/npm/bin/npm-cli.js",
  ];
  const found = candidates.find((file) => /[\\/]npm-cli\.js$/.test(file) && exists(file));
  return found === undefined ? undefined : [execPath, found];
}
