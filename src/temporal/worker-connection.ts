import { NativeConnection } from '@temporalio/worker';
import { REACHABLE_WITHIN, temporalUnavailable } from './connection.ts';
import type { TemporalLocation } from './location.ts';

/**
 * Connects a worker. Apart from {@link connect}, so that the command line does not load the native library.
 * @param within milliseconds until the server counts as away.
 * @throws TEMPORAL_UNAVAILABLE naming the address and what to do.
 */
export async function connectWorker(location: TemporalLocation, within = REACHABLE_WITHIN): Promise<NativeConnection> {
  const connecting = NativeConnection.connect({ address: location.address, ...location.credentials });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${within} ms`)), within);
  });
  try {
    return await Promise.race([connecting, late]);
  } catch (cause) {
    // One that arrives after we gave up must not stay open.
    connecting.then((connection) => connection.close()).catch(() => {});
    throw temporalUnavailable(location, cause);
  } finally {
    clearTimeout(timer);
  }
}
