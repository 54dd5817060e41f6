import { describe, expect, test } from 'vitest';
import { type ReadinessWait, waitUntilHealthy } from '../../src/health/ready.ts';

const never = new Promise<never>(() => {});
const sick = { healthy: false, detail: 'connection refused' };

function waiting(wait: Partial<ReadinessWait>) {
  return waitUntilHealthy({ check: async () => sick, within: 1_000, interval: 1, exited: never, ...wait });
}

describe('waiting until a throwaway instance is healthy', () => {
  test('ends when it is, however often it was not before', async () => {
    let checks = 0;
    const readiness = await waiting({ check: async () => ({ healthy: ++checks === 4, detail: 'answered 503' }) });
    expect(readiness).toEqual({ state: 'healthy', after: expect.any(Number) });
    expect(checks).toBe(4);
  });

  test('ends when its time is over, and says what was seen last', async () => {
    expect(await waiting({ within: 30 })).toMatchObject({ state: 'never', detail: 'connection refused' });
  });

  test('ends when its time is over though a check hangs', async () => {
    expect(await waiting({ within: 30, check: () => never })).toMatchObject({ state: 'never' });
  });

  test('ends at once when the instance exits, though a check hangs', async () => {
    const readiness = await waiting({ check: () => never, exited: Promise.resolve('exit 1: no such module') });
    expect(readiness).toMatchObject({ state: 'exited', detail: 'exit 1: no such module' });
  });

  test('checks no more once it has ended', async () => {
    let checks = 0;
    await waiting({
      within: 20,
      check: async () => {
        checks++;
        return sick;
      },
    });
    const atEnd = checks;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(checks).toBe(atEnd);
  });

  test('throws what the check throws: that is our error, not the instance', async () => {
    const check = () => Promise.reject(new Error('the bridge is gone'));
    await expect(waiting({ check })).rejects.toThrow('the bridge is gone');
  });

  test('ends when it is aborted, with the reason', async () => {
    const abort = new AbortController();
    const wait = waiting({ check: () => never, signal: abort.signal });
    abort.abort(new Error('stopped by a person'));
    await expect(wait).rejects.toThrow('stopped by a person');
  });
});
