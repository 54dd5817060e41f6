import { describe, expect, test } from 'vitest';
import { SlipwayError } from '../../src/contract/failure.ts';
import { untilVisible } from '../../src/temporal/visibility.ts';

const away = new SlipwayError('TEMPORAL_UNAVAILABLE', 'Temporal did not answer: the visibility store is down');
const ID = 'staging/storefront/7';

/** A Temporal server that gives these answers, one after the other, and the last one for ever. */
function answering(...answers: readonly (boolean | Error)[]) {
  let asked = 0;
  return {
    asked: () => asked,
    async isVisible() {
      const answer = answers[Math.min(asked++, answers.length - 1)] ?? false;
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
}

describe('the visibility of a deployment in Temporal (§11)', () => {
  test('is waited for while it lags, and while it does not answer: neither is a reason to roll back', async () => {
    const executions = answering(false, away, away, false, true);
    const seen = await untilVisible(executions, ID, AbortSignal.timeout(10_000));
    expect(seen).toBe(new Date(seen).toISOString());
    expect(executions.asked()).toBe(5);
  });

  test('is waited for until the deployment is aborted', async () => {
    const aborter = new AbortController();
    const waiting = untilVisible(answering(away), ID, aborter.signal);
    aborter.abort(new Error('a person said so'));
    await expect(waiting).rejects.toThrow('a person said so');
  });

  test('is not waited for when our own code is wrong', async () => {
    const broken = answering(new TypeError('no such method'));
    await expect(untilVisible(broken, ID, AbortSignal.timeout(10_000))).rejects.toThrow('no such method');
  });
});
