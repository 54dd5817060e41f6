import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** How far a scan goes; all in bytes. */
export interface Bounds {
  /** Of one file; what comes after is not looked at. */
  readonly file: number;
  /** Of all files together. */
  readonly total: number;
}

/** Bytes of a file's beginning by which it is text: as `git` has it, there is no NUL among them. */
const BEGINNING = 8_000;

/** The regular files below a folder, in the order of their names; links lead to files that are there themselves, or away. */
export async function* filesBelow(folder: string, path = ''): AsyncGenerator<string> {
  const entries = await readdir(join(folder, path), { withFileTypes: true });
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const own = path === '' ? entry.name : `${path}/${entry.name}`;
    if (entry.isDirectory()) yield* filesBelow(folder, own);
    else if (entry.isFile()) yield own;
  }
}

/** A file's text, or as much of it as was asked for; null when it is none. */
export interface Text {
  readonly text: string | null;
  /** Bytes that were read. */
  readonly read: number;
  /** Whether there is more. */
  readonly cut: boolean;
}

export async function readText(file: string, most: number): Promise<Text> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const beginning = await readAt(Math.min(size, BEGINNING), 0);
    const encoding = encodingOf(beginning);
    if (encoding === null) return { text: null, read: 0, cut: false };
    const length = Math.min(size, most);
    const rest = await readAt(Math.max(0, length - beginning.length), beginning.length);
    const bytes = Buffer.concat([beginning, rest]).subarray(0, length);
    return { text: bytes.toString(encoding), read: bytes.length, cut: size > length };
  } finally {
    await handle.close();
  }

  async function readAt(length: number, position: number): Promise<Buffer> {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position);
    return buffer.subarray(0, bytesRead);
  }
}

function encodingOf(beginning: Buffer): 'utf8' | 'utf16le' | null {
  if (beginning[0] === 0xff && beginning[1] === 0xfe) return 'utf16le';
  return beginning.includes(0) ? null : 'utf8';
}
