import { errorTestOf } from '../statistics/error-test.ts';
import { answersIn, totalOf } from '../statistics/histogram.ts';
import { upperBoundOfRate } from '../statistics/proportions.ts';
import { chanceOfFailing, type SequentialTest } from '../statistics/sequential.ts';
import { LEAST_USERS } from './comparison.ts';
import { COMPARED, type ComparisonFigures } from './comparison-figures.ts';
import type { VerdictPolicy } from './policy.ts';
import { seriesOf } from './series.ts';
import type { SoakEvidence } from './verdict.ts';

/** What a soak could show, and did: what its verdict is worth, in plain numbers. Chances and rates are fractions. */
export interface Figures {
  /** The answers that the errors were judged by. */
  readonly who: 'users' | 'users and probes';
  readonly answers: number;
  readonly errors: number;
  /** With 95 % confidence, the rate of errors is below this. */
  readonly errorRateBelow: number;
  /**
   * The test of errors, and what it comes to at the floor of samples, if it is asked after each answer: how often it has
   * failed a release with the `good` rate by then, and found one with the `bad` rate.
   */
  readonly errorTest: SequentialTest & {
    readonly samples: number;
    readonly falseAlarm: number;
    readonly power: number;
  };
  /** The comparison with the version before, for so many users; null where there was none, or too few. */
  readonly comparison: ComparisonFigures | null;
}

/** The figures of a soak; null where nothing was counted. */
export function figuresOf({ samples, baseline }: SoakEvidence, policy: VerdictPolicy): Figures | null {
  const soak = samples.filter((sample) => sample.kind === 'soak');
  if (policy.counted === 'looks' || soak.length === 0) return null;
  const { who, answers, errors } = seriesOf(soak, policy);
  const users = totalOf(soak.flatMap((sample) => sample.answers?.users ?? [])).answers;
  return {
    who,
    answers,
    errors,
    errorRateBelow: upperBoundOfRate(errors, answers),
    errorTest: errorFigures(policy),
    comparison: comparisonFigures(users, answersIn(baseline?.latencies ?? []), policy.alpha),
  };
}

/** What the test of errors comes to at the floor of samples. */
export function errorFigures({ limits, alpha, samples }: Pick<VerdictPolicy, 'limits' | 'alpha' | 'samples'>) {
  const test = errorTestOf(limits?.errorRate, alpha);
  const chance = (rate: number): number => chanceOfFailing(test, rate, samples);
  return { ...test, samples, falseAlarm: chance(test.good), power: chance(test.bad) };
}

/** The row of the table that was simulated with the most users on each side, but no more than there were. */
function comparisonFigures(users: number, before: number, alpha: number): ComparisonFigures | null {
  if (users < LEAST_USERS || before < LEAST_USERS) return null;
  return COMPARED.findLast((row) => row.users <= users && row.before <= before && row.alpha === alpha) ?? null;
}
