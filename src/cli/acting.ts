import type { Slipway } from '../client/slipway.ts';
import type { Context } from './context.ts';
import { LANES, watchWorkers } from './worker-watch.ts';

/** Does an operator's act, and says so while no worker is there to answer it. */
export async function acting<T>(context: Context, act: (slipway: Slipway) => Promise<T>): Promise<T> {
  const slipway = await context.slipway();
  const stop = watchWorkers({ awaited: () => LANES, pollers: context.pollers, tell: context.output.tell });
  try {
    return await act(slipway);
  } finally {
    stop();
  }
}
