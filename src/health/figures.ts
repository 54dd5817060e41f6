import { chancesOf, type ErrorTest, errorTestOf } from '../statistics/error-test.ts';
import { answersIn, totalOf } from '../statistics/histogram.ts';
import { upperBoundOfRate } from '../statistics/proportions.ts';
import { LEAST_USERS } from './comparison.ts';
import { COMPARED, type ComparisonFigures } from './comparison-figures.ts';
import type { VerdictPolicy } from './policy.ts';
import { seriesOf } from './series.ts';
import type { SoakEvidence } from './verdict.ts';

/** The test of errors, and what it comes to at the floor of samples, if it is asked after each answer. */
export interface ErrorFigures extends ErrorTest {
  readonly samples: number;
  /** How often it has failed a release with the `good` rate by then. */
  readonly falseAlarm: number;
  /** How often it has failed one with the `bad` rate by then, and how often it passes one there; else it goes on. */
  readonly power: number;
  readonly missed: number;
}

/** What a soak could show, and did: what its verdict is worth, in plain numbers. Chances and rates are fractions. */
export interface Figures {
  /** The answers that the errors were judged by. */
  readonly who: 'users' | 'users and probes';
  readonly answers: number;
  readonly errors: number;
  /** With 95 % confidence, the rate of errors is below this. */
  readonly errorRateBelow: number;
  readonly errorTest: ErrorFigures;
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
export function errorFigures({
  limits,
  alpha,
  samples,
}: Pick<VerdictPolicy, 'limits' | 'alpha' | 'samples'>): ErrorFigures {
  const test = errorTestOf(limits?.errorRate, alpha);
  const bad = chancesOf(test, test.bad, samples);
  const falseAlarm = chancesOf(test, test.good, samples).failed;
  return { ...test, samples, falseAlarm, power: bad.failed, missed: bad.passed };
}

/** The row of the table that was simulated with the most users on each side, but no more than there were. */
function comparisonFigures(users: number, before: number, alpha: number): ComparisonFigures | null {
  if (users < LEAST_USERS || before < LEAST_USERS) return null;
  return COMPARED.findLast((row) => row.users <= users && row.before <= before && row.alpha === alpha) ?? null;
}
