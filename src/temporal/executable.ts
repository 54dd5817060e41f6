import { access, constants, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';

/** `path` if it is a file that may be executed, else null. */
export async function executableAt(path: string): Promise<string | null> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile() ? path : null;
  } catch {
    return null;
  }
}

/** The first executable of that name on `PATH`, or null. Relative entries of PATH are passed over. */
export async function executableOnPath(name: string, env: NodeJS.ProcessEnv): Promise<string | null> {
  for (const folder of (env['PATH'] ?? '').split(':').filter(isAbsolute)) {
    const found = await executableAt(join(folder, name));
    if (found !== null) return found;
  }
  return null;
}
