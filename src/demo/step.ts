import { SlipwayError } from '../contract/failure.ts';
import type { Submission } from '../contract/lane.ts';
import type { DeploymentRecord } from '../contract/record.ts';
import { formatTarget } from '../contract/target.ts';
import type { Person } from '../contract/acts.ts';
import { laneAtRest, laneHeld, orderAfter } from './following.ts';
import type { Playing } from './playing.ts';
import type { Consequence, DeployStep, Expectation, ResumeStep, Step } from './story.ts';
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
  return 'deploy' in step ? await deploy(step, options) : await resumeAlone(step, options);
}

async function deploy(step: DeployStep, options: StepOptions): Promise<Mismatch> {
  const { commit, deploy: order, expect, afterwards } = step;
  const { playing, telling, onLive, signal } = options;
  const { slipway, repository, source, story } = playing;
  const target = formatTarget({ environment: order.environment ?? story.environment, component: order.component });
  const stillHeld = step.resume === undefined ? null : await resume(target, step.resume, options);
  if (stillHeld !== null) return stillHeld;

  const revision = await repository.commit(commit);
  telling.committed(commit, revision);
  signal.throwIfAborted();

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
  if (record.rollback !== null) telling.held((await laneAtRest(slipway, target, signal)).hold);
  if (mismatch !== null || afterwards === undefined) return mismatch;
  return await whatFollows(submission, afterwards, options);
}

/** What the lane does by itself afterwards. */
async function whatFollows(
  submission: Submission,
  { by, ...expected }: Consequence,
  { playing: { slipway }, telling, signal }: StepOptions,
): Promise<Mismatch> {
  const { target } = submission;
  telling.awaiting(target);
  const order = await orderAfter(slipway, submission, signal);
  if (order === null) return `expected ${by} to order something for ${target} by itself, seen nothing`;
  const record = await slipway.follow(order, { signal, onProgress: (soFar) => telling.followed(soFar) });
  const seenBy = record.change.requestedBy;
  const mismatch = seenBy === by ? mismatchOf(record, expected) : `expected an order by ${by}, seen one by ${seenBy}`;
  telling.followed(record);
  telling.ended(record, mismatch);
  const { hold } = await laneHeld(slipway, target, signal);
  telling.held(hold);
  return mismatch ?? (hold === null ? `expected ${target} to be held, seen open` : null);
}

async function resumeAlone({ resume: { component, ...person } }: ResumeStep, options: StepOptions): Promise<Mismatch> {
  return await resume(formatTarget({ environment: options.playing.story.environment, component }), person, options);
}

async function resume(target: string, person: Person, { playing, telling }: StepOptions): Promise<Mismatch> {
  const { slipway } = playing;
  try {
    if (!(await slipway.lane(target))?.hold) return `expected ${target} to be held, so that ${person.by} can resume it`;
    const { hold } = await slipway.resume(target, person);
    telling.resumed(target, person);
    return hold && `${target} is still held: ${hold.reason}`;
  } catch (error) {
    if (error instanceof SlipwayError && error.code === 'ACT_REFUSED') return error.message;
    throw error;
  }
}

/** How a record is unlike what the story expects of it; null when it is not. */
export function mismatchOf({ result, failure, rollback }: DeploymentRecord, expected: Expectation): Mismatch {
  const seenOutcome = expected.rollback === undefined ? undefined : (rollback?.outcome ?? 'no way back');
  const seen = said(result ?? 'no result', failure?.code ?? null, seenOutcome);
  const wanted = said(expected.result, expected.failure, expected.rollback);
  return seen === wanted ? null : `expected ${wanted}, seen ${seen}`;
}

function said(result: string, failure: string | null, rollback?: string): string {
  const details = [failure, rollback].filter((detail) => detail !== null && detail !== undefined);
  return details.length === 0 ? result : `${result} (${details.join(', ')})`;
}

function isLive({ stages }: DeploymentRecord): boolean {
  return stages.some(({ stage, result }) => stage === 'deploy' && result === 'passed');
}
