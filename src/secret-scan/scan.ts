import { extname, join } from 'node:path';
import { filesBelow, readText, type Bounds } from './files.ts';
import { lint } from './lint.ts';

/** What is to be looked through. */
export interface Work {
  /** Absolute. */
  readonly folder: string;
  /** Further texts, by what they are called in what is found. */
  readonly texts: Readonly<Record<string, string>>;
  readonly bounds: Bounds;
}

/** A secret: in which file or text, at which line of it, by which rule. Never what it is. */
export interface Found {
  /** Relative to the folder; or what the text is called. */
  readonly path: string;
  /** Counted from 1; null for a text. */
  readonly line: number | null;
  readonly rule: string;
}

/** What was looked through, and what was not. */
export interface Extent {
  readonly files: number;
  readonly bytes: number;
  /** Files that hold no text. */
  readonly binary: number;
  /** Files that were looked at up to a bound only, or not at all: the first of them, and how many there are. */
  readonly cut: { readonly first: readonly string[]; readonly count: number };
  /** Secrets that were found, and not told of. */
  readonly untold: number;
}

/** So many files are named. */
const NAMED = 5;
/** So many secrets are told of. */
const TOLD = 1_000;

/** Looks through a folder and some texts; `say` is told of each secret as it is found. */
export async function scan({ folder, texts, bounds }: Work, say: (found: Found) => void): Promise<Extent> {
  let count = 0;
  const tell = (found: Found): void => {
    count += 1;
    if (count <= TOLD) say(found);
  };
  for (const [path, text] of Object.entries(texts)) {
    for (const { rule } of await lint(text, { path, ext: '.env' })) tell({ path, line: null, rule });
  }
  const extent = { files: 0, bytes: 0, binary: 0 };
  const cut: string[] = [];
  for await (const path of filesBelow(folder)) {
    const {
      text,
      read,
      cut: isCut,
    } = await readText(join(folder, path), Math.min(bounds.file, bounds.total - extent.bytes));
    if (text === null) {
      extent.binary += 1;
      continue;
    }
    if (isCut) cut.push(path);
    extent.files += 1;
    extent.bytes += read;
    for (const { line, rule } of await lint(text, { path: join(folder, path), ext: extname(path) }))
      tell({ path, line, rule });
  }
  return { ...extent, cut: { first: cut.slice(0, NAMED), count: cut.length }, untold: Math.max(0, count - TOLD) };
}
