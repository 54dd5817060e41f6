import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { executableAt } from './executable.ts';
import type { TemporalProgram } from './programs.ts';

/** Where programs that were got once are kept, shared by every platform of this user: `$XDG_CACHE_HOME/slipway`. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  // The XDG specification ignores a relative path.
  const base = env['XDG_CACHE_HOME']?.startsWith('/')
    ? env['XDG_CACHE_HOME']
    : join(env['HOME'] ?? homedir(), '.cache');
  return join(base, 'slipway');
}

/** The folder of one program at one version: another version is another folder. */
function folderOf(cache: string, program: TemporalProgram): string {
  return join(cache, `${program.executable}-${program.version}`);
}

/** The cached executable, or null. */
export async function findCached(cache: string, program: TemporalProgram): Promise<string | null> {
  return executableAt(join(folderOf(cache, program), 'bin', program.executable));
}

/**
 * Lets `fill` put `bin/<executable>` into a folder, then moves that folder into the cache in one step: killed at any
 * moment, the cache holds a whole program or none.
 * @returns the path of the executable, or null when `fill` could not get it.
 */
export async function installIntoCache(
  cache: string,
  program: TemporalProgram,
  fill: (folder: string) => Promise<boolean>,
): Promise<string | null> {
  await mkdir(cache, { recursive: true });
  const temporary = await mkdtemp(join(cache, '.getting-'));
  try {
    if (!(await fill(temporary))) return null;
    if ((await executableAt(join(temporary, 'bin', program.executable))) === null) return null;
    // Fails when somebody else was faster: then theirs is there, and as good as ours.
    await rename(temporary, folderOf(cache, program)).catch(() => {});
    return await findCached(cache, program);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}
