import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { SlipwayError } from '../../contract/failure.ts';
import { effect, type Midway } from '../../failpoints.ts';
import { identify, isAlive, type ProcessIdentity } from '../../process.ts';
import { socketsOf } from './sockets.ts';

/** Held for as long as the process lives; a kill -9 frees it, because its holder is then no longer alive. */
export interface FolderLock {
  release(): Promise<void>;
}

/**
 * Makes this process the only runtime of `folder`. Locks are numbered, and numbers only grow: a dead holder's lock is
 * followed by the next one, which only one of several contenders can create.
 * @throws ALREADY_UP when another runtime holds it, or answers on its socket.
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const mine = await effect('driver.lock-folder', folder, (midway) => takeLock(folder, midway));
  return { release: () => effect('driver.release-lock', folder, (midway) => release(lockPath(folder, mine), midway)) };
}

async function takeLock(folder: string, midway: Midway): Promise<number> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const newest = (await locksIn(folder)).at(-1);
  if (newest !== undefined) await refuseLiving(folder, newest);
  if (await answers(socketsOf(folder).control)) throw alreadyUp(folder, 'one answers on its control socket');

  const mine = (newest ?? 0) + 1;
  const draft = join(folder, `lock.draft-${randomUUID()}`);
  await writeFile(draft, JSON.stringify(identify(process.pid)));
  try {
    await link(draft, lockPath(folder, mine));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw alreadyUp(folder, 'one is starting at this moment');
  } finally {
    await rm(draft);
  }
  midway();
  const all = await locksIn(folder);
  if (all.at(-1) !== mine) {
    await rm(lockPath(folder, mine));
    throw alreadyUp(folder, 'one is starting at this moment');
  }
  for (const old of all.filter((n) => n < mine)) await rm(lockPath(folder, old), { force: true });
  return mine;
}

/** Emptied, not removed: were its number given out again, a slow contender could take it beside its new holder. */
async function release(lock: string, midway: Midway): Promise<void> {
  await truncate(lock);
  midway();
  await writeFile(lock, 'null');
}

async function refuseLiving(folder: string, n: number): Promise<void> {
  const holder = parse(await readFile(lockPath(folder, n), 'utf8').catch(() => ''));
  if (holder !== null && isAlive(holder)) throw alreadyUp(folder, `process ${holder.pid} holds it`);
}

/** Null for a lock that was released, or that a power cut left without its content. */
function parse(text: string): ProcessIdentity | null {
  try {
    return JSON.parse(text) as ProcessIdentity | null;
  } catch {
    return null;
  }
}

async function locksIn(folder: string): Promise<readonly number[]> {
  const names = await readdir(folder);
  return names
    .flatMap((name) => (/^lock\.([0-9]+)$/.exec(name)?.[1] === undefined ? [] : [Number(name.slice('lock.'.length))]))
    .toSorted((a, b) => a - b);
}

function lockPath(folder: string, n: number): string {
  return join(folder, `lock.${n}`);
}

function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(socket);
    connection.once('connect', () => {
      connection.destroy();
      resolve(true);
    });
    connection.once('error', () => resolve(false));
  });
}

function alreadyUp(folder: string, why: string): SlipwayError {
  return new SlipwayError(
    'ALREADY_UP',
    `${folder}: a runtime is already up on this folder: ${why}. Use that one, or stop it before starting another.`,
  );
}
