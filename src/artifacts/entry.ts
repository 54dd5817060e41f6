/**
 * What may be in a layer. The same rules hold when a layer is packed and when it is unpacked, which does not trust who
 * packed it. Each answers what is wrong, in words, or null.
 */

/** Bytes of a path: what Linux allows (4096) holds it and the folder that it is unpacked in. Folders are as deep as that lets them. */
const LONGEST_PATH = 2048;
/** Bytes of one name, as file systems have it. */
const LONGEST_NAME = 255;

/** A path from the layer's root, with `/`, as it stands in the layer but for a folder's last slash. */
export function whyUnsafePath(path: string): string | null {
  if (path === '') return 'its path is empty';
  if (isLonger(path, LONGEST_PATH)) return `its path is longer than ${LONGEST_PATH} bytes`;
  if (path.startsWith('/')) return 'its path is absolute';
  if (path.includes('\0')) return 'its path holds a NUL';
  if (path.includes('\uFFFD')) return 'its path is not UTF-8';
  const parts = path.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..')) {
    return 'its path has an empty part, "." or ".."';
  }
  if (parts.some((part) => isLonger(part, LONGEST_NAME))) return `it has a name longer than ${LONGEST_NAME} bytes`;
  // OCI image-spec, layer.md: in an image, such a file takes another one away.
  if (parts.some((part) => part.startsWith('.wh.'))) return 'it has a name that begins with .wh., a mark of images';
  return null;
}

/**
 * Where a symlink points: relative, upwards only at its beginning and never above the root. As nothing goes up behind
 * a name, which might itself be a link, no chain of such links leaves either.
 */
export function whyUnsafeLink(path: string, target: string): string | null {
  if (target === '') return 'it is a symlink to nothing';
  if (isLonger(target, LONGEST_PATH)) return `it is a symlink to a path longer than ${LONGEST_PATH} bytes`;
  if (target.startsWith('/')) return `it is a symlink to the absolute path ${shownPath(target)}`;
  if (target.includes('\0') || target.includes('\uFFFD')) return 'its target is not UTF-8, or holds a NUL';
  const parts = target.split('/');
  const ups = parts.findIndex((part) => part !== '..' && part !== '.');
  const leading = ups === -1 ? parts : parts.slice(0, ups);
  const depth = path.split('/').length - 1;
  if (leading.filter((part) => part === '..').length > depth)
    return `it is a symlink that leaves: ${shownPath(target)}`;
  if (parts.slice(leading.length).includes('..')) {
    return `it is a symlink to ${shownPath(target)}, with ".." behind a name: write it without`;
  }
  return null;
}

/** The bits of a mode that let a file do more than be read, written and run. */
export const SPECIAL_MODE_BITS = 0o7000;

/** How much may come out of one tar. */
export interface TreeLimits {
  /** Of all files together. */
  readonly bytes: number;
  /** Files, folders and links. */
  readonly entries: number;
}

export const TREE_LIMITS: TreeLimits = { bytes: 4 * 2 ** 30, entries: 250_000 };

/** Bytes of all paths together, which are kept in memory: 250,000 of them with 250 each. */
const LONGEST_PATHS = 64 * 2 ** 20;

/** Counts what comes out of one tar, before it is let out. */
export class Tally {
  readonly #limits: TreeLimits;
  #bytes = 0;
  #entries = 0;
  #paths = 0;

  constructor(limits: TreeLimits) {
    this.#limits = limits;
  }

  /** @returns why one more is too much, or null */
  add(path: string, size: number): string | null {
    this.#entries += 1;
    this.#paths += path.length;
    if (this.#entries > this.#limits.entries) return `with it there are more than ${this.#limits.entries} entries`;
    if (this.#paths > LONGEST_PATHS) return `with it the paths are longer than ${LONGEST_PATHS} bytes`;
    return this.addBytes(size);
  }

  /** As {@link add}, for bytes of an entry that was counted. */
  addBytes(size: number): string | null {
    this.#bytes += size;
    return this.#bytes > this.#limits.bytes ? `with it there are more than ${this.#limits.bytes} bytes` : null;
  }
}

/** A path as messages show it: short, on one line, without what a terminal would obey. */
export function shownPath(path: string): string {
  const shown = path.slice(0, 200).replaceAll(/\p{Cc}/gu, '?');
  return path.length > 200 ? `${shown}…` : shown;
}

function isLonger(text: string, bytes: number): boolean {
  // No character is more than three bytes for each of its UTF-16 units, and none is less than one.
  return text.length > bytes || (text.length * 3 > bytes && Buffer.byteLength(text) > bytes);
}
