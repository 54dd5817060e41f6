import { z } from 'zod';

const ranges = z.record(z.string(), z.string()).optional();

/** One installed place in npm's lock file: the root (`''`), a workspace, or a package below some `node_modules/`. */
const lockEntry = z.object({
  /** Where it is not what the path says: an alias. */
  name: z.string().optional(),
  version: z.string().optional(),
  resolved: z.string().optional(),
  /** Subresource integrity: one or more of `sha512-<base64>`, separated by blanks. */
  integrity: z.string().optional(),
  /** A link to a folder, `resolved`. */
  link: z.boolean().optional(),
  inBundle: z.boolean().optional(),
  bundleDependencies: z.union([z.boolean(), z.array(z.string())]).optional(),
  dev: z.boolean().optional(),
  optional: z.boolean().optional(),
  devOptional: z.boolean().optional(),
  license: z.string().optional().catch(undefined),
  dependencies: ranges,
  devDependencies: ranges,
  optionalDependencies: ranges,
  peerDependencies: ranges,
});
const npmLock = z.object({ lockfileVersion: z.int(), packages: z.record(z.string(), lockEntry).optional() });

export type NpmLockEntry = z.output<typeof lockEntry>;

/** `package-lock.json` or `npm-shrinkwrap.json` of lockfileVersion 2 or 3: its places, by path (docs.npmjs.com, package-lock.json). */
export type NpmLock = ReadonlyMap<string, NpmLockEntry>;

/** The more binding one first, as npm has it. */
export const NPM_LOCK_FILES = ['npm-shrinkwrap.json', 'package-lock.json'] as const;

/** Bytes: some hundred thousand packages. */
const LARGEST = 32 * 2 ** 20;

/** Reads a lock file; a text says what is wrong with it as a whole. */
export function readNpmLock(bytes: Buffer): NpmLock | string {
  if (bytes.length > LARGEST) return `found ${bytes.length} bytes, expected at most ${LARGEST}`;
  let document: unknown;
  try {
    document = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    return `found no JSON (${(error as Error).message}), expected npm's lock file`;
  }
  const read = npmLock.safeParse(document);
  if (!read.success) {
    const { path, message } = read.error.issues[0] ?? { path: [], message: '' };
    return `found something else at ${path.join(' > ') || 'its root'} (${message}), expected npm's lock file`;
  }
  const { lockfileVersion, packages } = read.data;
  if (packages === undefined || lockfileVersion < 2 || lockfileVersion > 3) {
    return `found lockfileVersion ${lockfileVersion}, expected 2 or 3, which npm writes since version 7`;
  }
  return new Map(Object.entries(packages));
}

const FOLDER = 'node_modules/';

/** What a place is called in the registry; null for what no registry has: the root, and workspaces. */
export function nameAt(path: string, { name }: NpmLockEntry): string | null {
  const at = path.lastIndexOf(FOLDER);
  return at === -1 ? null : (name ?? path.slice(at + FOLDER.length));
}

/** Where the package at `from` finds `name`: in the nearest `node_modules/` that has it, as Node looks; null for nowhere. */
export function placeOf(lock: NpmLock, from: string, name: string): string | null {
  for (let folder = from; ; folder = parentOf(folder)) {
    const path = `${folder === '' ? '' : `${folder}/`}${FOLDER}${name}`;
    const entry = lock.get(path);
    if (entry?.link === true && entry.resolved !== undefined && lock.has(entry.resolved)) return entry.resolved;
    if (entry !== undefined) return path;
    if (folder === '') return null;
  }
}

/** The place whose `node_modules/` holds `path`; the root for what lies in no other. */
export function parentOf(path: string): string {
  const at = path.lastIndexOf(`/${FOLDER}`);
  return at === -1 ? '' : path.slice(0, at);
}
