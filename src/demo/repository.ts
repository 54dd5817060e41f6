import { cp, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa, ExecaError } from 'execa';
import { SlipwayError } from '../contract/failure.ts';
import type { Commit, Story } from './story.ts';

/** A story's own git repository, which grows by a commit a step. */
export interface StoryRepository {
  /** Makes the next commit. @returns its full hash, the same each time the story is told */
  commit(commit: Commit): Promise<string>;
}

export interface StoryRepositoryOptions {
  readonly story: Story;
  /** Folder of the working tree; made when it is missing. */
  readonly folder: string;
  /** Where git keeps its own; `<folder>/.git` unless given. */
  readonly gitFolder?: string;
}

/** Begins an empty repository. @throws GIT_MISSING, SOURCE_UNAVAILABLE when git says no */
export async function createStoryRepository({
  story,
  folder,
  gitFolder,
}: StoryRepositoryOptions): Promise<StoryRepository> {
  await mkdir(folder, { recursive: true });
  const elsewhere = gitFolder === undefined ? [] : ['--separate-git-dir', gitFolder];
  await git(folder, ['init', '--quiet', '--initial-branch', story.branch, ...elsewhere]);
  return {
    async commit(commit) {
      const { paths, files, message } = commit;
      for (const path of paths) await copy(join(story.folder, story.repository, path), join(folder, path));
      if (files !== undefined) await copy(join(story.folder, 'steps', files), folder);
      await git(folder, ['add', '--all']);
      await git(folder, ['commit', '--quiet', '--message', message], identityOf(commit));
      return await git(folder, ['rev-parse', 'HEAD']);
    },
  };
}

/** Runs git with nothing of the user's own configuration: a hook or a signing key would give other hashes. */
async function git(folder: string, args: readonly string[], identity: Record<string, string> = {}): Promise<string> {
  const plain = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null', GIT_ATTR_NOSYSTEM: '1' };
  const env = { PATH: process.env['PATH'], ...plain, ...identity };
  try {
    return (await execa('git', args, { cwd: folder, env, extendEnv: false })).stdout;
  } catch (cause) {
    if (cause instanceof ExecaError && cause.code === 'ENOENT') {
      throw new SlipwayError('GIT_MISSING', 'git was not found on PATH, and the demo makes a repository; install git', {
        cause,
      });
    }
    const why = cause instanceof ExecaError ? cause.shortMessage : String(cause);
    throw new SlipwayError('SOURCE_UNAVAILABLE', `the repository of the demo could not be made: ${why}`, { cause });
  }
}

function identityOf({ author, date }: Commit): Record<string, string> {
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

async function copy(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await cp(from, to, { recursive: true });
}
