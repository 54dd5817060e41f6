import { open, stat, truncate } from 'node:fs/promises';
import type { Mask } from '../../secrets/mask.ts';

/** Bytes of an instance's log; beyond it, the log begins anew. */
const LARGEST = 64 * 2 ** 20;

/** Empties a log that has grown too large. The instance appends, so it goes on at the new end. */
export async function capLog(file: string, largest: number = LARGEST): Promise<void> {
  const { size } = await stat(file).catch(() => ({ size: 0 }));
  if (size > largest) await truncate(file);
}

/** Bytes of a log that a message quotes at most. */
const QUOTED = 4096;

/** The last lines that an instance wrote, without what is known of secrets, for a message that says why it failed. */
export async function tailLog(
  file: string,
  { lines = 10, mask }: { readonly lines?: number; readonly mask: Mask },
): Promise<string> {
  const handle = await open(file, 'r').catch(() => null);
  if (handle === null) return '';
  try {
    const { size } = await handle.stat();
    const length = Math.min(size, QUOTED + 4 * mask.reach);
    const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length);
    const text = mask.mask(buffer.toString('utf8'));
    // What is read may begin within a secret: the rest of one is not known for what it is.
    const whole = length < size ? text.slice(mask.reach) : text;
    return whole.slice(-QUOTED).trimEnd().split('\n').slice(-lines).join('\n');
  } finally {
    await handle.close();
  }
}
