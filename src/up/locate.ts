import { SlipwayError } from '../contract/failure.ts';
import { locationFromEnvironment, plainLocation, type TemporalLocation } from '../temporal/location.ts';
import { readUpFile } from './up-file.ts';

/**
 * Where the platform's Temporal server is: named by the environment or by a Temporal profile, else what `slipway up`
 * wrote down. Whether it answers is for `connect` to say.
 * @param state the platform's `.slipway` folder.
 * @throws TEMPORAL_UNAVAILABLE when nothing names one.
 */
export async function locatePlatform(state: string, env: NodeJS.ProcessEnv): Promise<TemporalLocation> {
  const named = locationFromEnvironment(env);
  if (named !== null) return named;
  const up = await readUpFile(state);
  if (up !== null) return plainLocation(up.address, up.namespace);
  throw new SlipwayError(
    'TEMPORAL_UNAVAILABLE',
    `Nothing is up: there is no ${state}/up.json, and TEMPORAL_ADDRESS is not set. Run "slipway up".`,
  );
}
