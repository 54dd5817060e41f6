/**
 * Why a path or glob that a person wrote may not be followed, or null when it may: it has to stay below the folder that
 * it starts from.
 */
export function unsafePath(path: string): string | null {
  if (path.startsWith('/') || /^[A-Za-z]:[\\/]/.test(path)) return 'an absolute path';
  if (path.startsWith('~')) return 'a path from a home folder';
  return path.split(/[\\/]/).includes('..') ? 'a path that leaves by ".."' : null;
}

/** Why a name that stands in a git tree may not be written to disk, or null when it may. */
export function unsafeName(path: string): string | null {
  if (path.includes('\uFFFD')) return 'a name that is not UTF-8';
  // oxlint-disable-next-line no-control-regex -- that is what is looked for
  if (/[\u0000-\u001f\u007f]/.test(path)) return 'a name with control characters';
  const bad = path.split('/').find((segment) => /^(\.{0,2}|\.git)$/i.test(segment));
  return bad === undefined ? null : `the name ${JSON.stringify(bad)}`;
}

/** `folder/path`, without the `.` and empty segments that people write. */
export function joinPath(folder: string, path: string): string {
  return `${folder}/${path}`
    .split('/')
    .filter((segment) => segment !== '' && segment !== '.')
    .join('/');
}

/** Whether `path` is `folder` or lies in it. */
export function liesIn(path: string, folder: string): boolean {
  return folder === '' || path === folder || path.startsWith(`${folder}/`);
}
