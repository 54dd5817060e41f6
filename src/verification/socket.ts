import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** Linux's O_PATH, which Node does not name: opens the file itself, not what it stands for. */
const O_PATH = 0o10000000;

/**
 * Waits for a Unix socket that a sandboxed process makes in a folder that it shares with us, and holds on to that very
 * socket: were we to go by its name, the process could put a link there and have us knock at any socket of this
 * machine. Null when `givenUp` settles first, or when something else than a socket is there.
 */
export async function holdSocket(path: string, givenUp: Promise<unknown>): Promise<HeldSocket | null> {
  let over = false;
  const end = () => (over = true);
  givenUp.then(end, end);
  for (;;) {
    const handle = await open(path, O_PATH | constants.O_NOFOLLOW).catch(ifAbsent);
    if (handle !== null) return (await handle.stat()).isSocket() ? held(handle) : handle.close().then(() => null);
    if (over) return null;
    await sleep(5);
  }
}

export interface HeldSocket {
  /** To connect to, from this process; short, however long the real one is. */
  readonly path: string;
  close(): Promise<void>;
}

function held(handle: FileHandle): HeldSocket {
  return { path: `/proc/self/fd/${handle.fd}`, close: () => handle.close() };
}

function ifAbsent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}
