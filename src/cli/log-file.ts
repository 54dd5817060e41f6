import { open, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** Milliseconds between two looks at a log that is followed. */
const PAUSE = 200;
const NEWLINE = 0x0a;

export interface FollowLogOptions {
  readonly log: string;
  /** The log of the instance that is live now. */
  readonly newest: () => Promise<string>;
  /** How many lines of what is there already; all unless given. */
  readonly lines?: number | undefined;
  readonly pour: (bytes: Uint8Array) => void;
  readonly signal: AbortSignal;
}

/** The last `lines` lines of a log; all of it unless given. One that is gone was empty. */
export async function readLog(log: string, lines?: number): Promise<Buffer> {
  const content = await readFile(log).catch(() => Buffer.alloc(0));
  return lines === undefined ? content : content.subarray(startOfLast(content, lines));
}

/** Pours out what a log holds and what is added to it, from one live instance to the next, until the signal. */
export async function followLog({ log, newest, lines, pour, signal }: FollowLogOptions): Promise<void> {
  const content = await readLog(log);
  pour(lines === undefined ? content : content.subarray(startOfLast(content, lines)));
  let [file, offset] = [log, content.length];
  while (!signal.aborted) {
    await delay(PAUSE, undefined, { signal }).catch(() => {});
    offset += await pourFrom(file, offset, pour);
    const live = await newest().catch(() => file);
    if (live === file) continue;
    await pourFrom(file, offset, pour);
    [file, offset] = [live, 0];
  }
}

/** @returns how many bytes there were */
async function pourFrom(file: string, offset: number, pour: (bytes: Uint8Array) => void): Promise<number> {
  const handle = await open(file).catch(() => null);
  if (handle === null) return 0;
  try {
    const { size } = await handle.stat();
    const bytes = Buffer.alloc(Math.max(0, size - offset));
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, offset);
    if (bytesRead > 0) pour(bytes.subarray(0, bytesRead));
    return bytesRead;
  } finally {
    await handle.close();
  }
}

function startOfLast(content: Buffer, lines: number): number {
  if (lines === 0) return content.length;
  let at = content.length - (content.at(-1) === NEWLINE ? 1 : 0);
  for (let left = lines; left > 0 && at > 0; left -= 1) at = content.lastIndexOf(NEWLINE, at - 1);
  return at > 0 ? at + 1 : 0;
}
