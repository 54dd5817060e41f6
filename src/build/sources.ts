import { dirname, posix } from 'node:path';
import { Readable } from 'node:stream';
import { pack, type Header } from 'tar-stream';
import type { SourceFile } from '../source/repository.ts';
import { isWithin } from './fixtures.ts';

/** How a checkout is laid out for one of the two builds. */
export interface Checkout {
  /** The component's folder: all else is read-only. */
  readonly folder: string;
  /** The order in which files are made, which some file systems list them by. */
  readonly order: 'sorted' | 'reverse';
  /** Seconds since 1970; every file's time. */
  readonly mtime: number;
}

/** A checkout as a tar: each file at its path in the repository. */
export function packSources(files: readonly SourceFile[], checkout: Checkout): { tar: Readable; bytes: number } {
  const tar = pack();
  const entries = [...foldersOf(files).map(folderEntry), ...files.map(fileEntry)].sort((a, b) =>
    a.path < b.path ? -1 : 1,
  );
  if (checkout.order === 'reverse') entries.reverse();
  const mtime = new Date(checkout.mtime * 1000);
  for (const { path, mode, content, ...header } of entries) {
    const writable = isWithin(checkout.folder, path) ? mode : mode & 0o555;
    tar.entry({ ...header, name: path, mode: writable, mtime }, content);
  }
  tar.finalize();
  // A file takes whole pages in memory, whatever its size.
  return { tar: Readable.from(tar), bytes: entries.reduce((sum, { content }) => sum + content.length + PAGE, 0) };
}

const PAGE = 4096;

interface Entry extends Partial<Pick<Header, 'type' | 'linkname'>> {
  readonly path: string;
  readonly mode: number;
  readonly content: Buffer;
}

function folderEntry(path: string): Entry {
  return { path, type: 'directory', mode: 0o755, content: Buffer.alloc(0) };
}

function fileEntry({ path, mode, content }: SourceFile): Entry {
  if (mode === 'symlink') {
    return { path, type: 'symlink', linkname: content.toString(), mode: 0o777, content: Buffer.alloc(0) };
  }
  return { path, type: 'file', mode: mode === 'executable' ? 0o755 : 0o644, content };
}

/** The folders that the files lie in, the root itself as `.`. */
function foldersOf(files: readonly SourceFile[]): readonly string[] {
  const folders = new Set(['.']);
  for (const { path } of files) {
    for (let folder = dirname(path); folder !== '.'; folder = posix.dirname(folder)) folders.add(folder);
  }
  return [...folders];
}
