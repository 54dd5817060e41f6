import { setTimeout as delay } from 'node:timers/promises';
import { SlipwayError } from '../contract/failure.ts';
import type { LaneState } from '../contract/lane.ts';
import type { DeploymentRecord } from '../contract/record.ts';
import { formatTarget } from '../contract/target.ts';
import type { Playing } from './playing.ts';
import type { DeployStep, Expectation, ResumeStep, Step } from './story.ts';
import type { StepTelling } from './step-telling.ts';

/** What a step came to: null when it went as the story says, else how it did not, as one sentence. */
export type Mismatch = string | null;

export interface StepOptions {
  readonly playing: Playing;
  readonly telling: StepTelling;
  /** Told when a target has a live version by this step, and often again. */
  readonly onLive: (target: string) => void;
  /** Ends the step. */
  readonly signal: AbortSignal;
}

/** Carries out one step of a story, and tells it. */
export async function carryOut(step: Step, options: StepOptions): Promise<Mismatch> {
  return 'deploy' in step ? await deploy(step, options) : await resume(step, options);
}

async function deploy({ commit, deploy: order, expect }: DeployStep, options: StepOptions): Promise<Mismatch> {
  const { playing, telling, onLive, signal } = options;
  const { slipway, repository, source, story } = playing;
  const revision = await repository.commit(commit);
  telling.committed(commit, revision);
  signal.throwIfAborted();

  const target = formatTarget({ environment: story.environment, component: order.component });
  const submission = await slipway.deploy({ target, source, revision, change: order.change, by: order.by });
  telling.ordered(target, order);
  const record = await slipway.follow(submission, {
    signal,
    onProgress: (soFar) => {
      telling.progress(soFar);
      if (isLive(soFar)) onLive(target);
    },
  });
  if (isLive(record)) onLive(target);
  const mismatch = mismatchOf(record, expect);
  telling.ended(record, mismatch);
  if (record.rollback !== null) telling.held((await laneAtRest(playing, target, signal)).hold);
  return mismatch;
}

async function resume({ resume: { component, by, reason } }: ResumeStep, options: StepOptions): Promise<Mismatch> {
  const { playing, telling } = options;
  const target = formatTarget({ environment: playing.story.environment, component });
  try {
    const { hold } = await playing.slipway.resume(target, { by, reason });
    telling.resumed(target, { by, reason });
    return hold && `${target} is still held: ${hold.reason}`;
  } catch (error) {
    if (error instanceof SlipwayError && error.code === 'ACT_REFUSED') return error.message;
    throw error;
  }
}

/** How a record is unlike what the story expects of it; null when it is not. */
export function mismatchOf({ result, failure }: DeploymentRecord, expected: Expectation): Mismatch {
  const seen = said(result ?? 'no result', failure?.code ?? null);
  const wanted = said(expected.result, expected.failure);
  return seen === wanted ? null : `expected ${wanted}, seen ${seen}`;
}

function said(result: string, failure: string | null): string {
  return failure === null ? result : `${result} (${failure})`;
}

function isLive({ stages }: DeploymentRecord): boolean {
  return stages.some(({ stage, result }) => stage === 'deploy' && result === 'passed');
}

/** The lane once it has taken note of a deployment's end: the hold comes a moment after the record. */
async function laneAtRest({ slipway }: Playing, target: string, signal: AbortSignal): Promise<LaneState> {
  for (;;) {
    const lane = await slipway.lane(target);
    if (lane !== null && lane.running === null) return lane;
    await delay(50, undefined, { signal });
  }
}
