import { constants } from 'node:fs';
import { open, realpath, stat, type FileHandle } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { SlipwayError } from '../contract/failure.ts';
import { LARGEST_SECRET, type SecretProvider } from './provider.ts';

/**
 * Secrets as files, `<folder>/<scope>/<name>`, read anew each time. A link may lead about inside the folder, as those of
 * mounted volumes do, and nowhere else.
 * @param folder absolute
 */
export function createFolderProvider(folder: string): SecretProvider {
  const placeOf = (secret: string): string => join(folder, secret);
  return {
    placeOf,
    async read(secret) {
      const file = placeOf(secret);
      const root = await realpath(folder).catch((error: unknown) => {
        throw unavailable(folder, codeOf(error), 'put the folder there, or mount it');
      });
      const real = await realpath(file).catch((error: unknown) => {
        if (ABSENT.has(codeOf(error))) return null;
        throw unavailable(file, codeOf(error), 'let the runtime read it');
      });
      if (real === null) return null;
      if (!real.startsWith(root + sep)) {
        throw unavailable(file, 'a link that leads out of its folder', 'put the file itself there');
      }
      return await readText(real, file);
    },
  };
}

const ABSENT: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR']);

async function readText(real: string, file: string): Promise<string> {
  // Not blocking: a pipe that nobody writes into would be waited for.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await open(real, flags).catch((error: unknown) => {
    throw unavailable(file, codeOf(error), 'let the runtime read it');
  });
  try {
    if (!(await handle.stat()).isFile()) throw unavailable(file, 'no file', 'put a file there');
    return textOf(await readBounded(handle, file), file);
  } finally {
    await handle.close();
  }
}

async function readBounded(handle: FileHandle, file: string): Promise<Buffer> {
  const bytes = Buffer.alloc(LARGEST_SECRET + 1);
  let length = 0;
  for (;;) {
    const { bytesRead } = await handle.read(bytes, length, bytes.length - length).catch((error: unknown) => {
      throw unavailable(file, codeOf(error), 'let the runtime read it');
    });
    length += bytesRead;
    if (length > LARGEST_SECRET) throw unavailable(file, 'more than 64 KiB', 'a secret is no larger');
    if (bytesRead === 0) return bytes.subarray(0, length);
  }
}

function textOf(bytes: Buffer, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw unavailable(file, 'bytes that are no UTF-8', 'encode it, with base64 for example');
  }
}

/** Whether others than its owner may read a folder of secrets; false where there is none. */
export async function isReadByOthers(folder: string): Promise<boolean> {
  const found = await stat(folder).catch(() => null);
  return found !== null && (found.mode & 0o005) !== 0;
}

function unavailable(place: string, found: string, todo: string): SlipwayError {
  return new SlipwayError('SECRET_UNAVAILABLE', `${place}: found ${found}; ${todo}`);
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'an error';
}
