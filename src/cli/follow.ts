import { setTimeout as delay } from 'node:timers/promises';
import type { FollowOptions } from '../client/follow.ts';
import { SlipwayError } from '../contract/failure.ts';
import type { LaneState, Submission } from '../contract/lane.ts';
import type { DeploymentRecord } from '../contract/record.ts';
import { readRecord } from '../records/record.ts';
import { deploymentOf } from '../records/names.ts';
import type { Context } from './context.ts';
import { oneLine } from './report/paint.ts';
import { createProgress } from './report/progress.ts';
import { recordOfRequest } from './recorded.ts';
import { awaitedBy, LANES, watchWorkers, type Awaited } from './worker-watch.ts';

type Followed = Pick<Submission, 'requestId' | 'target' | 'deploymentId'>;

/** Milliseconds between two looks for a record that a lane is about to seal. */
const PAUSE = 500;

/**
 * Follows an order through the queue and its deployment to its end, and shows people how it fares.
 * @throws INTERNAL when a person interrupts: the deployment goes on
 */
export async function followToEnd(context: Context, submission: Followed): Promise<DeploymentRecord> {
  const { output, pollers } = context;
  const slipway = await context.slipway();
  const progress = await createProgress(output);
  let awaited: Awaited | null = LANES;
  let deploymentId = submission.deploymentId;
  const stopWatching = watchWorkers({ awaited: () => awaited, pollers, tell: progress.note });
  const stopFollowing = new AbortController();
  const options: FollowOptions = {
    signal: stopFollowing.signal,
    onQueued: (position, lane) => {
      // Behind a running deployment, or under a hold, it is not a worker that it waits for.
      awaited = lane.running === null && lane.hold === null ? LANES : null;
      progress.queued(position, whyQueued(lane));
    },
    onProgress: (record) => {
      awaited = awaitedBy(record);
      deploymentId = record.deploymentId;
      progress.at(record);
    },
  };
  try {
    const end = slipway
      .follow(submission, options)
      .catch((error: unknown) => settledRecord(context, { ...submission, deploymentId }, error, stopFollowing.signal));
    const record = await unlessInterrupted(end, context.interruption(), deploymentId ?? submission.requestId);
    progress.at(record);
    return record;
  } finally {
    stopFollowing.abort();
    stopWatching();
    await progress.close();
  }
}

/** The record of an order that ended in another way than by its own workflow: in the queue, or settled by its lane. */
async function settledRecord(
  context: Context,
  { requestId, target, deploymentId }: Followed,
  error: unknown,
  signal: AbortSignal,
): Promise<DeploymentRecord> {
  const artifacts = await context.artifacts();
  if (!(error instanceof SlipwayError)) throw error;
  if (error.code === 'ABORTED') {
    const record = await recordOfRequest(artifacts, requestId);
    if (record === null) throw error;
    return record;
  }
  if (error.code !== 'DEPLOYMENT_TERMINATED') throw error;
  const id = deploymentId ?? (await context.slipway().then((slipway) => slipway.request(requestId)))?.deploymentId;
  if (!id) throw error;
  context.output.tell(`${id} ended without a record; the lane of ${target} restores what is live and seals one`);
  const store = artifacts.component(deploymentOf(id).component);
  for (;;) {
    const sealed = await readRecord(store, id);
    if (sealed !== null) return sealed.record;
    await delay(PAUSE, undefined, { signal });
  }
}

function whyQueued({ running, hold }: LaneState): string | null {
  if (running !== null) return `behind ${running.deploymentId}`;
  return hold === null ? null : `held by ${oneLine(hold.by)}: ${oneLine(hold.reason)}`;
}

/** The deployment does not end because nobody watches any more. */
async function unlessInterrupted<T>(end: Promise<T>, interruption: AbortSignal, id: string): Promise<T> {
  const interrupted = new Promise<never>((_, reject) => {
    const stop = (): void =>
      reject(new SlipwayError('INTERNAL', `no longer waiting, but ${id} goes on: slipway status ${id} --watch`));
    if (interruption.aborted) stop();
    else interruption.addEventListener('abort', stop, { once: true });
  });
  end.catch(() => {}); // after an interruption nobody else looks at it
  return await Promise.race([end, interrupted]);
}
