/**
 * What may be in a layer. The same rules hold when a layer is packed and when it is unpacked, which does not trust who
 * packed it. Each answers what is wrong, in words, or null.
 */

/** A path from the layer's root, with `/`, as it stands in the layer but for a folder's last slash. */
export function whyUnsafePath(path: string): string | null {
  if (path === '') return 'its path is empty';
  if (path.startsWith('/')) return 'its path is absolute';
  if (path.includes('\0')) return 'its path holds a NUL';
  if (path.includes('\uFFFD')) return 'its path is not UTF-8';
  if (path.split('/').some((part) => part === '' || part === '.' || part === '..')) {
    return 'its path has an empty part, "." or ".."';
  }
  return null;
}

/**
 * Where a symlink points: relative, upwards only at its beginning and never above the root. As nothing goes up behind
 * a name, which might itself be a link, no chain of such links leaves either.
 */
export function whyUnsafeLink(path: string, target: string): string | null {
  if (target === '') return 'it is a symlink to nothing';
  if (target.startsWith('/')) return `it is a symlink to the absolute path ${target}`;
  if (target.includes('\0') || target.includes('\uFFFD')) return 'its target is not UTF-8, or holds a NUL';
  const parts = target.split('/');
  const ups = parts.findIndex((part) => part !== '..' && part !== '.');
  const leading = ups === -1 ? parts : parts.slice(0, ups);
  const depth = path.split('/').length - 1;
  if (leading.filter((part) => part === '..').length > depth) return `it is a symlink that leaves: ${target}`;
  if (parts.slice(leading.length).includes('..')) {
    return `it is a symlink to ${target}, with ".." behind a name: write it without`;
  }
  return null;
}

/** The bits of a mode that let a file do more than be read, written and run. */
export const SPECIAL_MODE_BITS = 0o7000;
