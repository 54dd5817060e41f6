import { readFileSync, statSync, type BigIntStats } from 'node:fs';
import { parsePlatform } from '../config/load.ts';
import { readYaml } from '../config/read.ts';
import { trustSchema, type Trust } from '../config/trust.ts';
import { SlipwayError } from '../contract/failure.ts';

/** Where a trust policy may stand. */
export interface TrustFiles {
  /** Absolute path of `platform.yaml`. */
  readonly platformFile: string;
  /** Counts only where the platform file has no `trust`. */
  readonly trustFile: string;
}

/** A trust policy as it is written, and where. */
export interface WrittenTrust {
  readonly trust: Trust;
  readonly file: string;
  readonly within: 'platform' | 'folder';
}

/**
 * What is written at this moment; null where nothing is. Files are read again only when they have changed, so it may be
 * asked for each signature.
 * @throws FILE_INVALID when one of them cannot be read: an older policy is never taken in its place
 */
export function createTrustFiles({ platformFile, trustFile }: TrustFiles): () => WrittenTrust | null {
  const ofPlatform = whenChanged(platformFile, (bytes) => parsePlatform(bytes, platformFile).trust ?? null);
  const ofFolder = whenChanged(trustFile, (bytes) => readYaml(trustSchema, bytes, trustFile, 'FILE_INVALID'));
  return () => {
    const written = ofPlatform();
    if (written === 'absent') {
      throw new SlipwayError('FILE_INVALID', `${platformFile}: found no such file, expected a platform file`);
    }
    if (written !== null) return { trust: written, file: platformFile, within: 'platform' };
    const own = ofFolder();
    return own === 'absent' || own === null ? null : { trust: own, file: trustFile, within: 'folder' };
  };
}

/** Milliseconds: a file that was written so shortly before it was read may be written once more at the same time stamp. */
const SETTLED_AFTER = 100;

function whenChanged<T>(path: string, read: (bytes: Buffer) => T): () => T | 'absent' {
  let known: { readonly stamp: string; readonly value: T } | null = null;
  return () => {
    try {
      const found = statSync(path, { bigint: true });
      const stamp = stampOf(found);
      if (known?.stamp === stamp) return known.value;
      known = null;
      const value = read(readFileSync(path));
      const age = Date.now() - Number(found.ctimeMs);
      if (age > SETTLED_AFTER && stampOf(statSync(path, { bigint: true })) === stamp) known = { stamp, value };
      return value;
    } catch (error) {
      if (error instanceof SlipwayError) throw error;
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR') return 'absent';
      const message = `${path}: found a file that cannot be read (${code ?? 'unreadable'}), expected the trust policy`;
      throw new SlipwayError('FILE_INVALID', `${message}; make it readable`, { cause: error });
    }
  };
}

function stampOf({ ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [ino, size, mtimeNs, ctimeNs].join(' ');
}
