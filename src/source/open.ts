import { join } from 'node:path';
import type { Platform } from '../config/platform.ts';
import { SlipwayError } from '../contract/failure.ts';
import { createGitRepository } from './git.ts';
import type { SourceRepository } from './repository.ts';

/** What a platform file says about sources, and the folder that its relative addresses start from. */
export interface DeclaredSources {
  readonly platform: Pick<Platform, 'sources'>;
  readonly folder: string;
}

export type OpenSource = (declared: DeclaredSources, name: string) => SourceRepository;

/**
 * Opens sources by name, each through one mirror below `mirrors`: a role's own folder, since no two processes write
 * into one mirror. A source whose declaration changes is opened anew.
 */
export function createSourceOpener(mirrors: string): OpenSource {
  const opened = new Map<string, SourceRepository>();
  return ({ platform, folder }, name) => {
    const source = platform.sources.find((declared) => declared.name === name);
    if (source === undefined) {
      const known = platform.sources.map((declared) => declared.name).join(', ');
      throw new SlipwayError('UNKNOWN_SOURCE', `source ${name} is not declared in platform.yaml; declared: ${known}`);
    }
    const key = JSON.stringify([source, folder]);
    const repository =
      opened.get(key) ?? createGitRepository({ source, mirror: join(mirrors, `${name}.git`), baseFolder: folder });
    opened.set(key, repository);
    return repository;
  };
}
