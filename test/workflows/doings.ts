import { setTimeout as delay } from 'node:timers/promises';
import { ApplicationFailure, Context } from '@temporalio/activity';
import type { FailureDetails } from '../../src/contract/activities.ts';
import { SlipwayError, type FailureCode } from '../../src/contract/failure.ts';
import { toApplicationFailure } from '../../src/temporal/codes.ts';

/** An activity that says no, as the real ones do. */
export function saysNo(code: FailureCode, message = 'as the test has it', details: Partial<FailureDetails> = {}) {
  return async (): Promise<never> => {
    throw toApplicationFailure(new SlipwayError(code, message), details);
  };
}

/** An error of our own side, which Temporal retries, at once: `times` of them, then what the activity usually does. */
export function isOut<I, O>(code: FailureCode, times = Number.POSITIVE_INFINITY) {
  let attempts = 0;
  return async (input: I, usual: (input: I) => Promise<O>): Promise<O> => {
    attempts += 1;
    if (attempts > times) return await usual(input);
    throw ApplicationFailure.create({ type: code, message: 'away', nextRetryDelay: '1ms' });
  };
}

/** Works until the deployment is aborted, with heartbeats; nothing has happened then. */
export async function hangs(): Promise<never> {
  const context = Context.current();
  for (;;) {
    context.heartbeat();
    await delay(20);
    context.cancellationSignal.throwIfAborted();
  }
}

export interface Gate {
  readonly pass: <I, O>(input: I, usual: (input: I) => Promise<O>) => Promise<O>;
  readonly open: () => void;
}

/** An activity that does its usual work once the test lets it, or is aborted before. */
export function gate(): Gate {
  let isOpen = false;
  return {
    open: () => {
      isOpen = true;
    },
    pass: async (input, usual) => {
      const context = Context.current();
      while (!isOpen) {
        context.heartbeat();
        await delay(10);
        context.cancellationSignal.throwIfAborted();
      }
      return await usual(input);
    },
  };
}
