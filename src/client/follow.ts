import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { SlipwayError } from '../contract/failure.ts';
import { answerTo, type LaneState, type Submission } from '../contract/lane.ts';
import type { DeploymentRecord } from '../contract/record.ts';
import { targetOf } from './target.ts';
import { awaitDeployment, queryDeployment, queryLane } from './messages.ts';

/** What a caller wants to know while it waits, and for how long it waits. */
export interface FollowOptions {
  /** Called with each new state of the record, while it runs. */
  readonly onProgress?: (record: DeploymentRecord) => void;
  /** Called while the order is queued: its position, and what holds it up. */
  readonly onQueued?: (position: number, lane: LaneState) => void;
  /** Ends the waiting, with its reason; the deployment goes on. */
  readonly signal?: AbortSignal;
}

/** Milliseconds between two looks. */
const QUEUED_PAUSE = 300;
const RUNNING_PAUSE = 200;
const NOTED_PAUSE = 30;
/** The record is what was asked for: a lane that is held up does not hold it back longer than this. */
const NOTED_WITHIN = 5_000;
/** Milliseconds that a lane which has just begun is given to read its own past. */
const KNOWN_WITHIN = 15_000;

/** Follows an order through the queue and its deployment to its end. */
export async function follow(
  client: Client,
  submission: Pick<Submission, 'requestId' | 'target' | 'deploymentId'>,
  options: FollowOptions = {},
): Promise<DeploymentRecord> {
  const deploymentId = submission.deploymentId ?? (await untilStarted(client, submission, options));
  const ending = awaitDeployment(client, deploymentId).then((record) => noted(client, record));
  const result = unlessAborted(ending, options.signal);
  if (options.onProgress === undefined) return await result;
  const ended = new AbortController();
  const reporting = report(client, deploymentId, options.onProgress, ended.signal);
  try {
    return await result;
  } finally {
    ended.abort();
    await reporting;
  }
}

/** @throws the signal's reason */
async function unlessAborted<T>(result: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await result;
  result.catch(() => {}); // after an abort nobody else looks at it
  signal.throwIfAborted();
  const settled = new AbortController();
  const aborted = once(signal, 'abort', { signal: settled.signal }).then(() => signal.throwIfAborted());
  try {
    return (await Promise.race([result, aborted])) as T;
  } finally {
    settled.abort();
  }
}

/**
 * The same record, once the lane has taken note of it. After a rollback the target may be held: whoever reads the record
 * next asks the lane, and must not find it a moment behind.
 */
export async function noted(client: Client, record: DeploymentRecord): Promise<DeploymentRecord> {
  if (record.rollback === null) return record;
  for (const until = Date.now() + NOTED_WITHIN; Date.now() < until;) {
    const lane = await queryLane(client, targetOf(record.target));
    if (lane?.running?.deploymentId !== record.deploymentId) break;
    await delay(NOTED_PAUSE);
  }
  return record;
}

async function untilStarted(
  client: Client,
  { requestId, target }: Pick<Submission, 'requestId' | 'target'>,
  { onQueued, signal }: FollowOptions,
): Promise<string> {
  for (let unknownSince: number | null = null; ;) {
    const lane = await queryLane(client, targetOf(target));
    const answer = lane && answerTo(lane, requestId);
    if (answer?.deploymentId) return answer.deploymentId;
    if (lane?.recent.some((known) => known.requestId === requestId)) {
      if (answer?.position === 0) throw takenOut(requestId, target);
      unknownSince = null;
      onQueued?.(answer?.position ?? 0, lane);
    } else {
      unknownSince ??= Date.now();
      if (Date.now() - unknownSince > KNOWN_WITHIN) throw lost(requestId, target);
    }
    await delay(QUEUED_PAUSE, undefined, signal ? { signal } : {}).catch(() => signal?.throwIfAborted());
  }
}

function takenOut(requestId: string, target: string): SlipwayError {
  const message = `the order ${requestId} was taken out of the queue of ${target}: see slipway history ${target}`;
  return new SlipwayError('ABORTED', message);
}

/** A lane that begins cold knows nothing for a moment; what was only queued when its lane was terminated is lost. */
function lost(requestId: string, target: string): SlipwayError {
  const message = `the lane of ${target} does not know the order ${requestId}, perhaps because it was terminated: send it again under this id`;
  return new SlipwayError('UNKNOWN_DEPLOYMENT', message);
}

/** Tells of each change of the record until told to stop; a question that fails is asked again, for the result decides. */
async function report(
  client: Client,
  deploymentId: string,
  onProgress: (record: DeploymentRecord) => void,
  signal: AbortSignal,
): Promise<void> {
  let told = '';
  while (!signal.aborted) {
    const record = await queryDeployment(client, deploymentId).catch(() => null);
    const state = JSON.stringify(record);
    if (record !== null && state !== told && !signal.aborted) onProgress(record);
    told = state;
    await delay(RUNNING_PAUSE, undefined, { signal }).catch(() => undefined);
  }
}
