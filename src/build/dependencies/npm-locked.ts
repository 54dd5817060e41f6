import { join } from 'node:path';
import type { Digest } from '../../contract/digest.ts';
import type { LockFile } from '../../contract/evidence.ts';
import { SlipwayError } from '../../contract/failure.ts';
import { digestOf } from '../../digest-of.ts';
import type { SourceFile } from '../../source/repository.ts';
import { NPM_LOCK_FILES, readNpmLock, type NpmLock } from './npm-lock.ts';
import { whyUnfit } from './npm-fitness.ts';

/** A component's lock file that fits, and all else that npm goes by; their paths are those in the component's folder. */
export interface Locked {
  readonly manifest: SourceFile;
  readonly lock: SourceFile;
  /** Of the lock file in the repository. */
  readonly path: string;
  readonly digest: Digest;
  readonly packages: number;
  /** Hexadecimal, of every tarball that it names. */
  readonly hashes: ReadonlySet<string>;
}

interface Component {
  readonly files: readonly SourceFile[];
  /** In the repository. */
  readonly folder: string;
}

/** @throws DEPENDENCIES_INVALID when a file is missing, or the lock file does not pin what it names. */
export function findLocked(component: Component, registry: string): Locked {
  const lock = findLock(component);
  const manifest = fileOf(component, 'package.json');
  if (lock === null || manifest === null) {
    const missing = lock === null ? NPM_LOCK_FILES.toReversed().join(' or ') : 'package.json';
    const remedy = 'write it with `npm install --package-lock-only`, or take `build.dependencies` out of slipway.yaml';
    throw invalid(join(component.folder, missing), `found no such file, as build.dependencies asks for; ${remedy}`);
  }
  const path = join(component.folder, lock.path);
  const read = readNpmLock(lock.content);
  const wrong = typeof read === 'string' ? read : whyUnfit(read, registry);
  if (typeof read === 'string' || wrong !== null)
    throw invalid(path, `${wrong}; write it anew with \`npm install --package-lock-only\``);
  return { manifest, lock, path, digest: digestOf(lock.content), packages: read.size - 1, hashes: hashesIn(read) };
}

/** The lock file that npm would go by; null where there is none. Its path is that in the component's folder. */
export function findLock(component: Component): SourceFile | null {
  for (const name of NPM_LOCK_FILES) {
    const found = fileOf(component, name);
    if (found !== null) return found;
  }
  return null;
}

/** As {@link findLock}: where it lies in the repository, and what is in it. */
export function nameLock(component: Component): LockFile | null {
  const found = findLock(component);
  return found && { path: join(component.folder, found.path), digest: digestOf(found.content) };
}

function fileOf({ files, folder }: Component, name: string): SourceFile | null {
  const found = files.find(({ path, mode }) => path === join(folder, name) && mode !== 'symlink');
  return found === undefined ? null : { ...found, path: name };
}

function hashesIn(lock: NpmLock): ReadonlySet<string> {
  const all = [...lock.values()].flatMap(({ integrity = '' }) => integrity.split(/\s+/));
  return new Set(all.map((each) => Buffer.from(each.slice(each.indexOf('-') + 1), 'base64').toString('hex')));
}

function invalid(path: string, found: string): SlipwayError {
  return new SlipwayError('DEPENDENCIES_INVALID', `${path}: ${found}.`);
}
