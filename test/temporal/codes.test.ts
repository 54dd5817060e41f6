import { ActivityFailure, ApplicationFailure, ChildWorkflowFailure, RetryState } from '@temporalio/common';
import { describe, expect, test } from 'vitest';
import { FAILURES, SlipwayError, type FailureCode } from '../../src/contract/failure.ts';
import { fromFailure, toApplicationFailure } from '../../src/temporal/codes.ts';

const EVIDENCE = `sha256:${'a'.repeat(64)}` as const;

describe('an error on its way through Temporal', () => {
  test.each(Object.keys(FAILURES) as FailureCode[])(
    '%s arrives with its code, clause, message and evidence',
    (code) => {
      const thrown = toApplicationFailure(new SlipwayError(code, `about ${code}`), { evidence: EVIDENCE });
      const activity = new ActivityFailure('Activity task failed', 'act', '1', RetryState.TIMEOUT, 'w', thrown);
      const { clause } = FAILURES[code];
      expect(fromFailure(activity)).toEqual({ code, clause, message: `about ${code}`, evidence: EVIDENCE });
      const child = new ChildWorkflowFailure(
        'ns',
        { workflowId: 'w', runId: 'r' },
        'deployment',
        RetryState.TIMEOUT,
        activity,
      );
      expect(fromFailure(child).code).toBe(code);
    },
  );

  test('is retried only when the platform is at fault', () => {
    const retried = (code: FailureCode) => toApplicationFailure(new SlipwayError(code, '')).nonRetryable !== true;
    expect(retried('STORE_UNAVAILABLE')).toBe(true);
    expect(retried('BUILD_FAILED')).toBe(false);
    expect(retried('ABORTED')).toBe(false);
    expect(retried('USAGE')).toBe(false);
  });

  test('that nobody foresaw is INTERNAL, is retried, and keeps its words', () => {
    const thrown = toApplicationFailure(new TypeError('x is undefined'));
    expect(thrown).toMatchObject({ type: 'INTERNAL', nonRetryable: false, message: 'x is undefined' });
    expect(fromFailure(new Error('outer', { cause: new RangeError('inner') }))).toMatchObject({
      code: 'INTERNAL',
      message: 'inner',
    });
    expect(fromFailure('a string')).toMatchObject({ code: 'INTERNAL', message: 'a string' });
  });

  test('with a message longer than Temporal keeps is cut, not refused', () => {
    const { message } = toApplicationFailure(new SlipwayError('BUILD_FAILED', '€'.repeat(10_000)));
    expect(Buffer.byteLength(message)).toBeLessThan(4_096);
  });

  test('that is an ApplicationFailure already is left as it is', () => {
    const failure = ApplicationFailure.nonRetryable('said', 'QUARANTINED');
    expect(toApplicationFailure(failure)).toBe(failure);
  });
});
