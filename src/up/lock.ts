import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SlipwayError } from '../contract/failure.ts';
import { identify, isAlive, type ProcessIdentity } from '../runtime/local/process.ts';

/** Says that one `slipway up` runs on a folder, until it is released. */
export interface Lock {
  release(): Promise<void>;
}

/**
 * Takes `<state>/up.lock`. The lock of a process that no longer runs is taken over.
 * @throws ALREADY_UP when the process that holds it runs.
 */
export async function lockFolder(state: string): Promise<Lock> {
  await mkdir(state, { recursive: true });
  const file = join(state, 'up.lock');
  const mine = JSON.stringify(identify(process.pid));
  while (!(await create(file, mine))) {
    const theirs = await readFile(file, 'utf8').catch(() => null);
    if (theirs === null) continue;
    const holder = parse(theirs);
    if (holder !== null && isAlive(holder)) throw alreadyUp(state, holder.pid);
    await remove(file, theirs);
  }
  return { release: async () => remove(file, mine) };
}

/** Puts the whole content there in one step; false when somebody's lock is there already. */
async function create(file: string, content: string): Promise<boolean> {
  const temporary = `${file}.${randomUUID()}`;
  await writeFile(temporary, content);
  try {
    await link(temporary, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Removes that very lock: when two take over at once, the slower one must not remove the faster one's. */
async function remove(file: string, content: string): Promise<void> {
  const aside = `${file}.${randomUUID()}`;
  try {
    await rename(file, aside);
  } catch {
    return;
  }
  if ((await readFile(aside, 'utf8')) !== content) await link(aside, file).catch(() => {});
  await rm(aside, { force: true });
}

function parse(content: string): ProcessIdentity | null {
  try {
    const { pid, start } = JSON.parse(content) as Partial<ProcessIdentity>;
    return typeof pid === 'number' && typeof start === 'string' ? { pid, start } : null;
  } catch {
    return null;
  }
}

function alreadyUp(state: string, pid: number): SlipwayError {
  return new SlipwayError(
    'ALREADY_UP',
    `slipway up runs already on ${state} (process ${pid}). Use it, or stop it first (kill ${pid}).`,
  );
}
