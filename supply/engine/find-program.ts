import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";

/** The full path of a program on PATH, or undefined. On Windows an .exe: nothing else starts without a shell. */
export async function findProgram(
  name: string,
  environment: NodeJS.ProcessEnv,
  except: (folder: string) => boolean = () => false,
): Promise<string | undefined> {
  const file = process.platform === "win32" ? `${name}.exe` : name;
  for (const folder of (environment.PATH ?? environment.Path ?? "").split(delimiter)) {
    const candidate = join(folder, file);
    if (folder !== "" && !except(folder) && (await isExecutable(candidate))) {
      return candidate;
    }
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
