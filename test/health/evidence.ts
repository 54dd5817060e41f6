import { bucketOf, type AnswerCounts, type Answers, NO_COUNTS } from '../../src/contract/answers.ts';
import type { VerdictPolicy } from '../../src/health/policy.ts';
import type { Sample } from '../../src/health/sample.ts';
import { LIVE_CHECKS } from '../../src/health/trigger.ts';

/** Three seconds and five answers, a ceiling of a minute, three failures. */
export const POLICY: VerdictPolicy = {
  checks: LIVE_CHECKS,
  failures: 3,
  successes: 1,
  for: 3_000,
  samples: 5,
  counted: 'answers',
  ceiling: 60_000,
  limits: {},
  metrics: [],
  alpha: 0.01,
};

/** Answers that took so many milliseconds each; so many of them errors. */
export function counts(took: readonly number[], errors = 0): AnswerCounts {
  const latencies = new Map<number, number>();
  for (const each of took) latencies.set(bucketOf(each), (latencies.get(bucketOf(each)) ?? 0) + 1);
  return { answers: took.length, errors, latencies: [...latencies].toSorted(([a], [b]) => a - b) };
}

/** `count` answers of 20 ms, or of another time. */
export function answered(count: number, errors = 0, took = 20): AnswerCounts {
  return counts(
    Array.from({ length: count }, () => took),
    errors,
  );
}

export interface Look extends Partial<Omit<Sample, 'answers' | 'early'>> {
  readonly users?: AnswerCounts;
  readonly probes?: AnswerCounts;
  readonly early?: Answers;
  /** The runtime counted nothing. */
  readonly uncounted?: boolean;
}

/** A soak of looks a second apart: all good, of one instance, its own answer counted, but for what is said. */
export function soak(looks: readonly Look[]): Sample[] {
  return looks.map(({ users = NO_COUNTS, probes = answered(1), uncounted = false, ...other }, index) => ({
    at: new Date(Date.UTC(2026, 10, 25) + index * 1_000).toISOString(),
    after: index * 1_000,
    elapsed: 2,
    kind: 'soak',
    outcome: 'good',
    status: 200,
    detail: 'answered 200',
    instance: 'a1',
    restarts: 0,
    ...(!uncounted && { answers: { users, probes } }),
    ...other,
  }));
}

/** As many of the same look. */
export function times(count: number, look: Look = {}): Look[] {
  return Array.from({ length: count }, () => look);
}
