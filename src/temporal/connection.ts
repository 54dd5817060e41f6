import { Connection } from '@temporalio/client';
import { SlipwayError } from '../contract/failure.ts';
import type { TemporalLocation } from './location.ts';

/** Somebody who waits for an answer is told within five seconds; this leaves time to say it. */
export const REACHABLE_WITHIN = 4_000;

/**
 * Connects a client. The caller closes the connection.
 * @param within milliseconds until the server counts as away.
 * @throws TEMPORAL_UNAVAILABLE naming the address and what to do.
 */
export async function connect(location: TemporalLocation, within = REACHABLE_WITHIN): Promise<Connection> {
  try {
    return await Connection.connect({
      address: location.address,
      ...location.credentials,
      connectTimeout: within,
    });
  } catch (cause) {
    throw temporalUnavailable(location, cause);
  }
}

/** The one way to say that a server does not answer. */
export function temporalUnavailable(location: TemporalLocation, cause: unknown): SlipwayError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new SlipwayError(
    'TEMPORAL_UNAVAILABLE',
    `Temporal does not answer at ${location.address} (${reason}). ` +
      'Start it with "slipway up", or point TEMPORAL_ADDRESS at a server that runs.',
    { cause },
  );
}
