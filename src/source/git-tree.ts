import { SlipwayError } from '../contract/failure.ts';
import type { Git } from './git-command.ts';
import { checked } from './git-revisions.ts';
import { leavingLink } from './links.ts';
import type { PathFilter, SourceEntry, SourceRepository } from './repository.ts';
import { unsafeName } from './safe-path.ts';

type Trees = Pick<SourceRepository, 'paths' | 'read' | 'readAll' | 'entries' | 'files'>;

interface TreeEntry {
  readonly path: string;
  readonly mode: SourceEntry['mode'] | 'submodule';
  readonly hash: string;
}

const MODES: Readonly<Record<string, TreeEntry['mode']>> = {
  '100755': 'executable',
  '120000': 'symlink',
  '160000': 'submodule',
};

/**
 * The files of a mirror's revisions, by `ls-tree` and `cat-file`: the bytes that git holds. (`git archive` and a
 * checkout change them, by the attributes that the repository itself sets.)
 */
export function createTrees(git: Git): Trees {
  const list = async (revision: string, ...paths: readonly string[]): Promise<TreeEntry[]> => {
    const { stdout } = await git.run(['ls-tree', '-r', '-z', '--full-tree', checked(revision), '--', ...paths]);
    return stdout.toString().split('\0').filter(Boolean).map(readEntry).toSorted(byPath);
  };

  const contents = async (entries: readonly TreeEntry[]): Promise<Buffer[]> => {
    if (entries.length === 0) return [];
    const { stdout } = await git.run(['cat-file', '--batch'], {
      input: entries.map(({ hash }) => `${hash}\n`).join(''),
    });
    return readBatch(stdout, entries.length);
  };

  /** Those that `include` accepts, once none of them is unsafe. */
  const safeEntries = async (revision: string, include: PathFilter): Promise<(TreeEntry & SourceEntry)[]> => {
    const entries: (TreeEntry & SourceEntry)[] = [];
    for (const { mode, ...entry } of await list(revision)) {
      if (!include(entry.path)) continue;
      const found = mode === 'submodule' ? 'a submodule' : unsafeName(entry.path);
      if (mode === 'submodule' || found !== null) throw unsafe(entry.path, revision, found ?? mode);
      entries.push({ ...entry, mode });
    }
    const symlinks = entries.filter(({ mode }) => mode === 'symlink');
    const targets = await contents(symlinks);
    const links = new Map(symlinks.map(({ path }, index) => [path, String(targets[index])]));
    for (const [path, target] of links) {
      const why = leavingLink(path, links);
      if (why !== null) throw unsafe(path, revision, `a symlink to ${JSON.stringify(target)}, which ${why}`);
    }
    return entries;
  };

  return {
    async paths(revision) {
      return (await list(revision)).map(({ path }) => path);
    },

    async read(revision, path) {
      if (unsafeName(path) !== null) return null;
      const entry = (await list(revision, path)).find((each) => each.path === path && isRegular(each));
      return entry === undefined ? null : ((await contents([entry]))[0] ?? null);
    },

    async readAll(revision, include) {
      const entries = (await list(revision)).filter((entry) => isRegular(entry) && include(entry.path));
      const found = await contents(entries);
      return new Map(entries.map(({ path }, index) => [path, found[index] ?? Buffer.of()]));
    },

    async entries(revision, include) {
      return (await safeEntries(revision, include)).map(({ path, mode }) => ({ path, mode }));
    },

    async files(revision, include) {
      const entries = await safeEntries(revision, include);
      const found = await contents(entries);
      return entries.map(({ path, mode }, index) => ({ path, mode, content: found[index] ?? Buffer.of() }));
    },
  };
}

/** `<mode> SP <type> SP <hash> TAB <path>` */
function readEntry(line: string): TreeEntry {
  const tab = line.indexOf('\t');
  const [mode = '', , hash = ''] = line.slice(0, tab).split(' ');
  return { path: line.slice(tab + 1), mode: MODES[mode] ?? 'file', hash };
}

/** Again and again `<hash> SP <type> SP <size> LF <content> LF` */
function readBatch(output: Buffer, count: number): Buffer[] {
  const contents: Buffer[] = [];
  for (let at = 0; contents.length < count;) {
    const end = output.indexOf('\n', at);
    const [hash, type, size] = output.toString('latin1', at, end).split(' ');
    if (end < 0 || type !== 'blob') {
      throw new SlipwayError('SOURCE_UNAVAILABLE', `the mirror lacks ${hash}; delete its folder, it is made again`);
    }
    contents.push(output.subarray(end + 1, end + 1 + Number(size)));
    at = end + 2 + Number(size);
  }
  return contents;
}

function isRegular({ mode }: TreeEntry): boolean {
  return mode === 'file' || mode === 'executable';
}

/** By code unit: the same order on every machine. */
function byPath(a: TreeEntry, b: TreeEntry): number {
  return a.path < b.path ? -1 : Number(a.path > b.path);
}

function unsafe(path: string, revision: string, found: string): SlipwayError {
  return new SlipwayError(
    'UNSAFE_PATH',
    `${JSON.stringify(path)} at ${revision.slice(0, 12)}: found ${found}, expected files that stay in the repository; take it out`,
  );
}
