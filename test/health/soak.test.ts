import { describe, expect, test } from 'vitest';
import type { Health } from '../../src/config/manifest.ts';
import type { SoakFloors } from '../../src/config/soak.ts';
import type { Sample, SampleOutcome } from '../../src/health/sample.ts';
import { policyOf, samplingInterval, type VerdictPolicy } from '../../src/health/policy.ts';
import { runSoak } from '../../src/health/soak.ts';
import { LIVE_CHECKS } from '../../src/health/trigger.ts';
import { scriptedClock } from './scripted-clock.ts';

const hour = 3_600_000;

/** A policy that counts looks, with a ceiling of a minute, or of as long as the soak itself. */
function policy(of: Pick<VerdictPolicy, 'for' | 'samples' | 'failures'>): VerdictPolicy {
  const rest = { successes: 1, counted: 'looks', limits: null, metrics: [], alpha: 0.01 } as const;
  return { ...rest, ...of, checks: LIVE_CHECKS, ceiling: Math.max(of.for, 60_000) };
}

function policyFor(health: Health, floors: SoakFloors, counted: VerdictPolicy['counted'] = 'looks') {
  return policyOf({ health, floors, counted, limits: null, metrics: [] });
}

/** A soak in which the n-th sample (from 0) is what `outcome(n)` says, and takes `takes` milliseconds. */
function soaking(outcome: (n: number) => SampleOutcome, { instance = 'a1', takes = 5 } = {}) {
  const clock = scriptedClock();
  const taken: Sample[] = [];
  const take = async (): Promise<Sample> => {
    const after = clock.now();
    clock.advance(takes);
    const sample = { at: clock.date(), after, elapsed: takes, kind: 'soak', outcome: outcome(taken.length) } as const;
    return { ...sample, status: 200, detail: 'answered 200', instance, restarts: 0 };
  };
  const onSample = (sample: Sample) => void taken.push(sample);
  return { clock, taken, take, onSample, before: [] };
}

describe('a soak', () => {
  test('lasts at least its time, however many samples that gives', async () => {
    const soak = soaking(() => 'good');
    const judgement = await runSoak({
      ...soak,
      interval: 60_000,
      policy: policy({ for: 6 * hour, samples: 5, failures: 3 }),
    });
    expect(judgement.verdict).toBe('pass');
    expect(soak.taken.length).toBe(6 * 60 + 1);
  });

  test('takes at least its samples, however long that lasts', async () => {
    const soak = soaking(() => 'good');
    const judgement = await runSoak({ ...soak, interval: 1_000, policy: policy({ for: 1, samples: 50, failures: 3 }) });
    expect(judgement.reason).toBe('50 samples in 49s, 0 of 50 samples bad');
  });

  test('samples at the interval, beginning to beginning', async () => {
    const soak = soaking(() => 'good', { takes: 400 });
    await runSoak({ ...soak, interval: 1_000, policy: policy({ for: 3_000, samples: 1, failures: 3 }) });
    expect(soak.taken.map((sample) => sample.after)).toEqual([0, 1_000, 2_000, 3_000]);
  });

  test('ends as soon as it has failed', async () => {
    const soak = soaking((n) => (n < 10 ? 'good' : 'bad'));
    const judgement = await runSoak({
      ...soak,
      interval: 1_000,
      policy: policy({ for: 6 * hour, samples: 5, failures: 3 }),
    });
    expect(judgement.verdict).toBe('fail');
    expect(soak.taken.length).toBe(13);
  });

  test('does not pass on a bad last sample: it goes on until it knows', async () => {
    const soak = soaking((n) => (n === 4 ? 'bad' : 'good'));
    const judgement = await runSoak({
      ...soak,
      interval: 1_000,
      policy: policy({ for: 4_000, samples: 5, failures: 3 }),
    });
    expect(judgement).toEqual({ verdict: 'pass', reason: '6 samples in 5s, 1 of 6 samples bad' });
  });

  test('takes a sample more for each late one', async () => {
    const soak = soaking((n) => (n % 2 === 1 ? 'late' : 'good'));
    const judgement = await runSoak({
      ...soak,
      interval: 1_000,
      policy: policy({ for: 1_000, samples: 5, failures: 3 }),
    });
    expect(judgement.verdict).toBe('pass');
    expect(soak.taken.length).toBe(9);
  });

  test('that can only be sampled late ends, inconclusive', async () => {
    const soak = soaking(() => 'late');
    const judgement = await runSoak({
      ...soak,
      interval: 1_000,
      policy: policy({ for: 1_000, samples: 5, failures: 3 }),
    });
    const reason = 'at the ceiling of 1m: all 61 samples were late on our side; 0 of 5 samples in 0ms of 1s';
    expect(judgement).toEqual({ verdict: 'inconclusive', reason });
  });

  test('fails when its instance is another than before it began', async () => {
    const soak = soaking(() => 'good', { instance: 'a2' });
    const before = [{ ...(await soaking(() => 'good').take()), kind: 'health' as const }];
    const judgement = await runSoak({
      ...soak,
      before,
      interval: 1_000,
      policy: policy({ for: 1, samples: 5, failures: 3 }),
    });
    expect(judgement).toEqual({ verdict: 'fail', reason: 'instance a1 died and was replaced by a2' });
  });

  test('ends when it is aborted, with the reason', async () => {
    const abort = new AbortController();
    const soak = soaking((n) => {
      if (n === 2) abort.abort(new Error('stopped by a person'));
      return 'good';
    });
    const forAnHour = policy({ for: hour, samples: 5, failures: 3 });
    await expect(runSoak({ ...soak, interval: 1_000, policy: forAnHour, signal: abort.signal })).rejects.toThrow(
      'stopped by a person',
    );
    expect(soak.taken.length).toBe(3);
  });
});

describe('the soak of a component', () => {
  const heartbeat: Health = { heartbeat: 5_000, failures: 3 };
  const http: Health = { path: '/healthz', interval: 500, timeout: 1_000, failures: 2 };

  test('has the floors of the environment and the failures of the manifest', () => {
    const floors = { for: 3_000, samples: 5, ceiling: 60_000 };
    expect(policyFor(http, floors, 'answers')).toMatchObject({ ...floors, failures: 2, successes: 1 });
  });

  test('of an agent lasts until another heartbeat was due', () => {
    const lengthened = policyFor(heartbeat, { for: 3_000, samples: 5, ceiling: 3_000 });
    expect(lengthened.for).toBeGreaterThan(5_000);
    expect(lengthened.ceiling).toBeGreaterThanOrEqual(lengthened.for);
    expect(policyFor(heartbeat, { for: hour, samples: 5, ceiling: hour }).for).toBe(hour);
  });

  test('leaves looks the time that they take, where they are the samples', () => {
    const floors = { for: 3_000, samples: 300, ceiling: 60_000 };
    expect(policyFor(http, floors, 'looks').ceiling).toBe(2 * 300 * 500);
    expect(policyFor(http, floors, 'answers').ceiling).toBe(60_000);
  });

  test('looks at the health interval, and at a heartbeat at least twice as often as that is due', () => {
    expect(samplingInterval(http)).toBe(500);
    expect(samplingInterval({ heartbeat: 400, failures: 3 })).toBe(200);
    expect(samplingInterval({ heartbeat: hour, failures: 3 })).toBe(1_000);
  });
});
