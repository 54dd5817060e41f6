import { CancelledFailure, Context } from '@temporalio/activity';
import type { Logger } from 'pino';
import type { FailureDetails } from '../src/contract/activities.ts';
import { SlipwayError } from '../src/contract/failure.ts';
import { toApplicationFailure } from '../src/temporal/codes.ts';

/** Milliseconds. An abort reaches an activity with the answer to a heartbeat; the worker throttles what it sends. */
const BEAT = 200;

/** What an activity's work is given beside its input. */
export interface Work {
  /** Aborted when the deployment is. */
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

/** Errors that also say more than their code: the evidence of a failed stage, or the record that stands already. */
export class StageError extends SlipwayError {
  readonly details: Partial<FailureDetails>;

  constructor(error: SlipwayError, details: Partial<FailureDetails>) {
    super(error.code, error.message, { cause: error.cause });
    this.details = details;
  }
}

/**
 * Runs an activity's work with heartbeats; turns what it throws into a failure whose type is the code.
 * @param retry `faults`: only errors of our own side are retried; `always`: every error is, for work that has to be
 *   done in the end (restoring, sealing), unless its caller is not to be trusted.
 */
export async function perform<T>(
  logger: Logger,
  retry: 'faults' | 'always',
  work: (work: Work) => Promise<T>,
): Promise<T> {
  const context = Context.current();
  const beat = setInterval(() => context.heartbeat(), BEAT);
  const signal = context.cancellationSignal;
  try {
    return await work({ signal, logger: logger.child({ activity: context.info.activityType }) });
  } catch (error) {
    if (signal.aborted) throw cancelled(signal);
    const failure = toApplicationFailure(error, error instanceof StageError ? error.details : {});
    logger.warn(
      { activity: context.info.activityType, attempt: context.info.attempt, code: failure.type, err: error },
      'activity failed',
    );
    if (retry === 'always' && failure.type !== 'UNTRUSTED_EVIDENCE' && failure.type !== 'ACT_REFUSED') {
      (failure as { nonRetryable: boolean }).nonRetryable = false;
    }
    throw failure;
  } finally {
    clearInterval(beat);
  }
}

function cancelled(signal: AbortSignal): CancelledFailure {
  return signal.reason instanceof CancelledFailure ? signal.reason : new CancelledFailure('aborted');
}
