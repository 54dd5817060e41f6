import path from 'node:path';
import type { Logger } from 'pino';
import type { Source } from '../config/platform.ts';
import { SlipwayError } from '../contract/failure.ts';
import { readAddress, withoutCredentials } from './address.ts';
import { createGit } from './git-command.ts';
import { createLog } from './git-log.ts';
import { createRevisions } from './git-revisions.ts';
import { createTrees } from './git-tree.ts';
import { oneAtATime } from './one-at-a-time.ts';
import type { SourceRepository } from './repository.ts';

export interface GitRepositoryOptions {
  readonly source: Source;
  /** Folder of the bare mirror, made when it is first used. A role's own: no two processes write into one. */
  readonly mirror: string;
  /** Absolute folder that a relative `source.url` starts from: the platform file's. */
  readonly baseFolder: string;
  readonly logger?: Logger;
  /** Where git is found and how it reaches the network; this process's environment unless given. */
  readonly environment?: NodeJS.ProcessEnv;
}

/**
 * A source, read with the plain git CLI from a bare mirror of its own: all branches, nothing else. The mirror is a cache;
 * deleting it loses nothing.
 * @throws UNSAFE_SOURCE for an address that git would run or guess at
 */
export function createGitRepository(options: GitRepositoryOptions): SourceRepository {
  const { source, mirror, baseFolder, logger, environment = process.env } = options;
  const address = readAddress(source.url, baseFolder);
  const git = createGit(path.resolve(mirror), environment);

  const fetch = async (): Promise<void> => {
    const started = performance.now();
    const flags = ['--quiet', '--prune', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules'];
    try {
      await git.run(['fetch', ...flags, '--', address.url, '+refs/heads/*:refs/heads/*']);
    } catch (error) {
      if (!(error instanceof SlipwayError) || error.code !== 'SOURCE_UNAVAILABLE') throw error;
      const url = withoutCredentials(address.url);
      const message = `source ${source.name} at ${url}: ${error.message}; look whether it is a git repository that can be read from here`;
      throw new SlipwayError('SOURCE_UNAVAILABLE', message, { cause: error });
    }
    logger?.debug({ source: source.name, milliseconds: Math.round(performance.now() - started) }, 'source fetched');
  };

  return {
    name: source.name,
    folder: address.folder,
    fetch: oneAtATime(fetch),
    ...createRevisions(git, source),
    ...createTrees(git),
    ...createLog(git),
  };
}
