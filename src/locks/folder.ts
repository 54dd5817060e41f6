import { createHash, randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SlipwayError } from '../contract/failure.ts';
import { identify, isAlive, type ProcessIdentity } from '../process.ts';

/** Says that one `slipway up` runs on a folder, until it is released. */
export interface Lock {
  release(): Promise<void>;
}

/**
 * Takes `<state>/up.lock`. The lock of a process that no longer runs is taken over.
 * @throws ALREADY_UP when the process that holds it runs, or when another is just taking it over.
 */
export async function lockFolder(state: string): Promise<Lock> {
  await mkdir(state, { recursive: true });
  const file = join(state, 'up.lock');
  const mine = JSON.stringify(identify(process.pid));
  await acquire(state, file, mine);
  return {
    release: async () => {
      if ((await read(file)) === mine) await rm(file, { force: true });
    },
  };
}

/**
 * A lock that was left over is replaced by one process only: by whoever holds the lock on taking over that very content.
 * That one may be left over too, and is then taken over in the same way.
 */
async function acquire(state: string, file: string, mine: string): Promise<void> {
  for (;;) {
    if (await create(file, mine)) return;
    const theirs = await read(file);
    if (theirs === null) continue;
    const holder = parse(theirs);
    if (holder !== null && isAlive(holder)) throw alreadyUp(state, holder.pid);
    const turn = `${file}.${createHash('sha256').update(theirs).digest('hex').slice(0, 12)}`;
    await acquire(state, turn, mine);
    try {
      if ((await read(file)) === theirs) {
        await replace(file, mine);
        return;
      }
    } finally {
      await rm(turn, { force: true });
    }
  }
}

async function read(file: string): Promise<string | null> {
  return await readFile(file, 'utf8').catch(() => null);
}

async function replace(file: string, content: string): Promise<void> {
  const temporary = `${file}.${randomUUID()}`;
  await writeFile(temporary, content);
  await rename(temporary, file);
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
