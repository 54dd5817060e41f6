import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { createGitRepository } from '../../src/source/git.ts';
import type { SourceRepository } from '../../src/source/repository.ts';

export interface WrittenCommit {
  readonly message: string;
  /** Content by path; null takes the file away; `{ link }` is a symlink. A path in quotes is C-quoted, as git has it. */
  readonly files?: Readonly<Record<string, string | null | { readonly link: string }>>;
  /** `main` unless given. */
  readonly branch?: string;
  /** Merged into it, by full hash. */
  readonly merge?: string;
  /** Parent, where it is not the branch's head. */
  readonly from?: string;
}

/** A real git repository in a temporary folder, and a mirror of it. */
export interface WrittenSource {
  readonly folder: string;
  readonly mirror: string;
  readonly repository: SourceRepository;
  /** The full hash of what was written. */
  commit(commit: WrittenCommit): Promise<string>;
  /** Several at once, fast. */
  commits(commits: readonly WrittenCommit[]): Promise<readonly string[]>;
  remove(): Promise<void>;
}

/** Seconds since 1970 of the first commit written; each one after is a minute later. */
export const FIRST_COMMIT = 1_700_000_000;

export async function writeSource(branches: string[] = ['main', 'release/*']): Promise<WrittenSource> {
  const root = await mkdtemp(path.join(os.tmpdir(), 'slipway-source-'));
  const folder = path.join(root, 'shop');
  const mirror = path.join(root, 'mirror.git');
  await execa('git', ['init', '--quiet', '-b', 'main', folder]);
  let known = new Set<string>();
  let written = 0;

  const commits = async (list: readonly WrittenCommit[]): Promise<readonly string[]> => {
    const before = known;
    known = new Set([...before, ...list.map(({ branch = 'main' }) => branch)]);
    const begun = new Set<string>();
    const input = list
      .map((each) => {
        const branch = each.branch ?? 'main';
        const parent = before.has(branch) && !begun.has(branch) ? { from: `refs/heads/${branch}^0` } : {};
        begun.add(branch);
        return fastImport({ ...parent, ...each }, FIRST_COMMIT + 60 * written++);
      })
      .join('');
    const { stdout } = await execa('git', ['-C', folder, 'fast-import', '--quiet', '--force'], { input });
    return stdout.split('\n');
  };
  return {
    folder,
    mirror,
    repository: createGitRepository({ source: { name: 'shop', url: './shop', branches }, mirror, baseFolder: root }),
    commits,
    async commit(one) {
      const [hash = ''] = await commits([one]);
      return hash;
    },
    remove: () => rm(root, { recursive: true, force: true }),
  };
}

function fastImport({ message, files = {}, branch = 'main', merge, from }: WrittenCommit, at: number): string {
  const lines = [
    `commit refs/heads/${branch}\n`,
    'mark :1\n',
    `committer Ada <ada@example.org> ${at} +0000\n`,
    data(message),
    from === undefined ? '' : `from ${from}\n`,
    merge === undefined ? '' : `merge ${merge}\n`,
  ];
  for (const [file, content] of Object.entries(files)) {
    if (content === null) lines.push(`D ${file}\n`);
    else if (typeof content === 'string') lines.push(`M 100644 inline ${file}\n`, data(content));
    else lines.push(`M 120000 inline ${file}\n`, data(content.link));
  }
  return [...lines, '\n', 'get-mark :1\n'].join('');
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}\n`;
}
