import type { LoadedPlatform } from '../config/load.ts';
import { SlipwayError } from '../contract/failure.ts';
import { environmentOf } from '../records/platform.ts';
import { findComponent } from '../source/component.ts';
import type { SourceRepository } from '../source/repository.ts';
import type { Context } from './context.ts';

/** Which commit of which source a person means. */
export interface SourceOptions {
  readonly to: string;
  readonly source?: string;
  readonly revision?: string;
}

/**
 * Finds the commit that is meant, once and for all that follows, and does `work` with its source.
 * @throws UNKNOWN_ENVIRONMENT, UNKNOWN_SOURCE, UNKNOWN_REVISION, AMBIGUOUS_REVISION, UNKNOWN_COMPONENT
 */
export async function withRevision<T>(
  context: Context,
  component: string,
  { to, source, revision }: SourceOptions,
  work: (repository: SourceRepository, revision: string) => Promise<T>,
): Promise<T> {
  const loaded = await context.platform();
  environmentOf(loaded.platform, to);
  return await context.withSource(source ?? onlySource(loaded), async (repository) => {
    const resolved = await repository.resolve(revision);
    await refuseUnknownComponent(repository, resolved, component);
    return await work(repository, resolved);
  });
}

function onlySource({ platform }: LoadedPlatform): string {
  const [only, ...others] = platform.sources.map(({ name }) => name);
  if (only !== undefined && others.length === 0) return only;
  const names = [only, ...others].join(', ');
  throw new SlipwayError('USAGE', `the platform declares several sources (${names}); say which with --source`);
}

/** That it is there at all is for us to say; whether it is sound is change intake's judgement (§5). */
async function refuseUnknownComponent(
  repository: SourceRepository,
  revision: string,
  component: string,
): Promise<void> {
  try {
    await findComponent(repository, revision, component);
  } catch (error) {
    if (!(error instanceof SlipwayError) || error.fault !== 'change') throw error;
  }
}
