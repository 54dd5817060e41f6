import { setTimeout as delay } from 'node:timers/promises';
import type { Slipway } from '../client/slipway.ts';
import type { LaneState, Submission } from '../contract/lane.ts';

/** Milliseconds that a lane is given to do by itself what a story expects of it. */
const BY_ITSELF_WITHIN = 90_000;
/** Milliseconds within which a hold that follows from a record is in force. */
const HELD_WITHIN = 10_000;
/** Milliseconds between two looks. */
const PAUSE = 100;

type Ordered = Pick<Submission, 'requestId' | 'target' | 'deploymentId'>;

/** The lane once it has taken note of a deployment's end: the hold comes a moment after the record. */
export async function laneAtRest(slipway: Slipway, target: string, signal: AbortSignal): Promise<LaneState> {
  for (;;) {
    const lane = await slipway.lane(target);
    if (lane !== null && lane.running === null) return lane;
    await delay(PAUSE, undefined, { signal });
  }
}

/** The lane once it is held, which comes a moment after its own rollback; as it is where that does not come in time. */
export async function laneHeld(slipway: Slipway, target: string, signal: AbortSignal): Promise<LaneState> {
  for (const until = Date.now() + HELD_WITHIN; ;) {
    const lane = await laneAtRest(slipway, target, signal);
    if (lane.hold !== null || Date.now() >= until) return lane;
    await delay(PAUSE, undefined, { signal });
  }
}

/** The next order that a lane took after this one, as soon as there is one; null when there is none in time. */
export async function orderAfter(
  slipway: Slipway,
  { requestId, target }: Ordered,
  signal: AbortSignal,
  within = BY_ITSELF_WITHIN,
): Promise<Ordered | null> {
  for (const until = Date.now() + within; ;) {
    const recent = (await slipway.lane(target))?.recent ?? [];
    const index = recent.findIndex((known) => known.requestId === requestId);
    const next = index < 0 ? undefined : recent[index + 1];
    if (next !== undefined) return { requestId: next.requestId, target, deploymentId: next.deploymentId };
    if (Date.now() >= until) return null;
    await delay(PAUSE, undefined, { signal });
  }
}
