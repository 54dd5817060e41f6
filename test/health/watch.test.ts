import type { RequestListener } from 'node:http';
import { describe, expect, test } from 'vitest';
import { type AnswerCounts, NO_COUNTS, plus } from '../../src/contract/answers.ts';
import type { Measurement } from '../../src/runtime/driver.ts';
import { recomputeVerdict } from '../../src/health/recompute.ts';
import { type LiveWatch, policyOfRound, watchLive, type WatchProgress } from '../../src/health/watch.ts';
import { errorFigures } from '../../src/health/figures.ts';
import { serveCounted } from './counted-server.ts';
import { answered, POLICY } from './evidence.ts';
import { alive, observation } from './observations.ts';
import { scriptedClock } from './scripted-clock.ts';
import { serve } from './servers.ts';

const health = { path: '/healthz', interval: 1_000, timeout: 1_000, failures: 3 };
const well: RequestListener = (_, response) => response.end('ok');

function watch(address: string | null, other: Partial<LiveWatch> = {}) {
  return watchLive({
    address,
    health,
    soak: { for: 3_000, samples: 5, ceiling: 10_000 },
    until: 60_000,
    baseline: null,
    observe: async () => observation(),
    clock: scriptedClock(),
    ...other,
  });
}

describe('a watch over a live release', () => {
  test('goes on in rounds until its time is over, and keeps only the last', async () => {
    const { address, measure } = await serveCounted(well);
    const progress: WatchProgress[] = [];
    const onProgress = (step: WatchProgress) => void progress.push(step);
    const clock = scriptedClock();
    const { degraded, verdict } = await watch(address, { measure, onProgress, clock });
    expect(degraded).toBe(false);
    expect(clock.now()).toBeGreaterThan(58_000);
    expect(clock.now()).toBeLessThanOrEqual(60_000);
    expect(progress.at(-1)?.round).toBeGreaterThan(5);
    expect(verdict.samples.length).toBeLessThanOrEqual(12);
    expect(verdict.policy).toMatchObject({ checks: ['soak'], ceiling: null, alpha: 0.01 / 20 });
  });

  test('ends with the round that fails, whose evidence says why', async () => {
    let asked = 0;
    const listener: RequestListener = (_, response) => response.writeHead(++asked > 40 ? 503 : 200).end();
    const { degraded, verdict } = await watch(await serve(listener));
    expect(degraded).toBe(true);
    expect(verdict).toMatchObject({ verdict: 'fail', code: 'HEALTH_DEGRADED' });
    expect(verdict.message).toBe('soak failed: 3 bad in a row, the last: answered 503');
    const { policy, samples, metrics, baseline, smoke, ...concluded } = verdict;
    expect(recomputeVerdict({ policy, samples, metrics, baseline, smoke })).toEqual(concluded);
    expect(asked).toBeLessThan(60);
  });

  test('sees that the instance died between two rounds', async () => {
    let looks = 0;
    const observe = async () => observation({ instance: ++looks > 12 ? { ...alive, restarts: 1 } : alive });
    const { degraded, verdict } = await watch(await serve(well), { observe });
    expect(degraded).toBe(true);
    expect(verdict.message).toContain('died and was started again');
  });

  test('that goes on after a worker was lost is allowed no more false alarms than the whole of it', async () => {
    const { verdict } = await watch(await serve(well), { until: 5_000, whole: 60_000 });
    expect(verdict.policy.alpha).toBe(0.01 / 20);
  });

  test('takes a round that cannot tell for no failure', async () => {
    const { address, measure } = await serveCounted(well);
    const { live } = await measure();
    const { degraded, verdict } = await watch(address, { measure: async () => ({ live, before: null }) });
    expect(degraded).toBe(false);
    expect(verdict).toMatchObject({ verdict: 'inconclusive', code: 'VERIFICATION_INCONCLUSIVE' });
  });

  test('compares users with those of the release in its own soak', async () => {
    const server = await serveCounted(well);
    let users: AnswerCounts = NO_COUNTS;
    let measured = 0;
    const measure = async (): Promise<Measurement> => {
      users = plus(users, answered(20, 0, ++measured > 20 ? 400 : 100));
      const { live } = await server.measure();
      return { live: live && { ...live, answers: { ...live.answers, users } }, before: null };
    };
    const { degraded, verdict } = await watch(server.address, { measure, baseline: answered(200, 0, 100) });
    expect(degraded).toBe(true);
    expect(verdict.message).toMatch(/soak failed: (slower|a slow tail) for users/);
  });

  test('watches an agent, too', async () => {
    let looks = 0;
    const observe = async () => observation({ instance: ++looks > 20 ? { ...alive, state: 'unhealthy' } : alive });
    const command = { command: ['node', 'alive.mjs'], interval: 1_000, timeout: 1_000, failures: 3 };
    expect(await watch(null, { health: command })).toMatchObject({ degraded: false, verdict: { verdict: 'pass' } });
    expect(await watch(null, { health: command, observe })).toMatchObject({ degraded: true });
  });

  test('that nobody can observe throws what was thrown', async () => {
    let looks = 0;
    const observe = async () => {
      if (++looks > 8) throw new Error('the runtime does not answer');
      return observation();
    };
    await expect(watch(await serve(well), { observe })).rejects.toThrow('the runtime does not answer');
  });

  test('that is stopped throws the reason', async () => {
    const abort = new AbortController();
    const onProgress = ({ round }: WatchProgress) => {
      if (round === 3) abort.abort(new Error('another deployment began'));
    };
    const watching = watch(await serve(well), { signal: abort.signal, onProgress });
    await expect(watching).rejects.toThrow('another deployment began');
  });
});

describe('the false alarms of a long watch', () => {
  test('are in all of its rounds no more than those of one soak', () => {
    const rounds = 600;
    const policy = policyOfRound({ ...POLICY, samples: 156 }, rounds * POLICY.for);
    expect(policy.alpha * rounds).toBeCloseTo(POLICY.alpha, 12);
    expect(errorFigures(policy).falseAlarm * rounds).toBeLessThan(POLICY.alpha);
  });
});
