import { open, stat, truncate } from 'node:fs/promises';

/** Bytes of an instance's log; beyond it, the log begins anew. */
const LARGEST = 64 * 2 ** 20;

/** Empties a log that has grown too large. The instance appends, so it goes on at the new end. */
export async function capLog(file: string, largest: number = LARGEST): Promise<void> {
  const { size } = await stat(file).catch(() => ({ size: 0 }));
  if (size > largest) await truncate(file);
}

/** The last lines that an instance wrote, for a message that says why it failed. */
export async function tailLog(file: string, lines = 10): Promise<string> {
  const handle = await open(file, 'r').catch(() => null);
  if (handle === null) return '';
  try {
    const { size } = await handle.stat();
    const length = Math.min(size, 4096);
    const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.toString('utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } finally {
    await handle.close();
  }
}
