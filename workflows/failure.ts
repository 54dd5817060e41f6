import { ActivityFailure, ApplicationFailure, ChildWorkflowFailure, TimeoutFailure } from '@temporalio/workflow';
import type { FailureDetails } from '../src/contract/activities.ts';
import { FAILURES, isFailureCode } from '../src/contract/failure.ts';
import type { DeploymentRecord, RecordedFailure } from '../src/contract/record.ts';
import type { Stage } from '../src/contract/stages.ts';

/** Reads an activity's failure as the record states it. */
export function recordedFailure(error: unknown, stage: Stage | null): RecordedFailure {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure && isFailureCode(cause.type)) {
    return { code: cause.type, clause: FAILURES[cause.type].clause, stage, message: cause.message };
  }
  const what = cause instanceof TimeoutFailure ? 'a worker stopped answering, again and again' : 'an unexpected error';
  const said = cause instanceof Error ? cause.message : String(cause);
  return { code: 'INTERNAL', clause: null, stage, message: `${what}: ${said}` };
}

/** The details of an activity's failure, or null where it has none. */
export function failureDetails(error: unknown): FailureDetails | null {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (!(cause instanceof ApplicationFailure) || !isFailureCode(cause.type)) return null;
  return (cause.details?.[0] as FailureDetails | undefined) ?? null;
}

/** The record of a deployment that did not complete; null when it ended without one (terminated, or lost). */
export function recordIn(error: unknown): DeploymentRecord | null {
  if (!(error instanceof ChildWorkflowFailure) || !(error.cause instanceof ApplicationFailure)) return null;
  return (error.cause.details?.[0] as DeploymentRecord | undefined) ?? null;
}

/** How a deployment that did not complete closes: Failed, named by its code, with the record in the details. */
export function closingFailure(record: DeploymentRecord): ApplicationFailure {
  return ApplicationFailure.create({
    type: record.failure?.code ?? 'INTERNAL',
    message: `${record.result}: ${record.failure?.message ?? 'no reason recorded'}`,
    nonRetryable: true,
    details: [record],
  });
}
