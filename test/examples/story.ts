import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parse } from 'yaml';

export const EXAMPLES = resolve(import.meta.dirname, '../../examples');

const STORY = join(EXAMPLES, 'stories/first-week');

/** One step of `story.yaml`: a commit and its deployment, or a person's act. */
export interface Step {
  readonly title: string;
  readonly commit?: {
    readonly paths?: readonly string[];
    readonly files?: string;
    readonly message: string;
    readonly author: string;
    readonly date: string;
  };
  readonly deploy?: { readonly component: string; readonly change: string; readonly by: string };
  readonly expect?: { readonly result: string; readonly failure: string | null };
  readonly resume?: { readonly component: string; readonly by: string; readonly reason: string };
}

export function readStory(): { readonly repository: string; readonly branch: string; readonly steps: readonly Step[] } {
  return parse(readFileSync(join(STORY, 'story.yaml'), 'utf8'));
}

/** Tells the story's commits, up to and with step `last`, into an empty folder as a git repository. Returns the hashes. */
export function tellInto(folder: string, last = Infinity): readonly string[] {
  const { repository, branch, steps } = readStory();
  mkdirSync(folder, { recursive: true });
  git(folder, ['init', '--quiet', '--initial-branch', branch]);
  return steps.slice(0, last).flatMap(({ commit }) => {
    if (commit === undefined) return [];
    for (const path of commit.paths ?? []) copy(join(STORY, repository, path), join(folder, path));
    if (commit.files !== undefined) copy(join(STORY, 'steps', commit.files), folder);
    git(folder, ['add', '--all']);
    git(folder, ['commit', '--quiet', '--message', commit.message], identity(commit));
    return [git(folder, ['rev-parse', 'HEAD'])];
  });
}

export function git(folder: string, args: readonly string[], env: Record<string, string> = {}): string {
  const settings = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null', ...env };
  return execFileSync('git', args, {
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '', ...settings },
    encoding: 'utf8',
  }).trim();
}

function identity({ author, date }: NonNullable<Step['commit']>): Record<string, string> {
  const [, name = '', email = ''] = /^(.+) <(.+)>$/.exec(author) ?? [];
  return {
    GIT_AUTHOR_NAME: name,
    GIT_AUTHOR_EMAIL: email,
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_NAME: name,
    GIT_COMMITTER_EMAIL: email,
    GIT_COMMITTER_DATE: date,
  };
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to, { recursive: true });
}
