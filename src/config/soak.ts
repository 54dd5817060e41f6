import { z } from 'zod';
import { errorTestOf } from '../statistics/error-test.ts';
import { answersForQuantile } from '../statistics/proportions.ts';
import { cleanAnswersToPass } from '../statistics/sequential.ts';
import { duration, formatDuration } from './duration.ts';
import { formatPercentage, percentage } from './percentage.ts';

/** Milliseconds: however short a soak is, it may wait so long for what it lacks. */
const LEAST_CEILING = 60_000;

/** How long a new version is watched, and how often at least. */
export const soak = z
  .strictObject({
    for: duration,
    samples: z.int().min(1).max(100_000),
    /** What it has not shown by then, it has failed to show. Ten times `for`, and at least `1m`, unless given. */
    ceiling: duration.optional(),
  })
  .transform((given) => ({ ...given, ceiling: given.ceiling ?? Math.max(10 * given.for, LEAST_CEILING) }));

/** What a new version is held to, beside the version before; each is held to only where it is given. */
export const limits = z.strictObject({
  /** Answers that are errors. */
  errorRate: percentage.optional(),
  /** So many answers took no longer: the half of them, 95 and 99 in a hundred. */
  p50: duration.optional(),
  p95: duration.optional(),
  p99: duration.optional(),
});

export type SoakFloors = z.output<typeof soak>;
export type Limits = z.output<typeof limits>;

/** The limits on latency, and the share of answers that has to keep each. */
export const QUANTILES = { p50: 0.5, p95: 0.95, p99: 0.99 } as const;

/** What in an environment cannot be meant, for the schema to say. */
export interface Contradiction {
  readonly path: readonly string[];
  readonly found: string;
  readonly expected: string;
  readonly todo: string;
}

/** Limits that contradict each other, a ceiling that comes too early, and a soak that promises more than its samples can show. */
export function contradictionsIn(floors: SoakFloors, { errorRate, ...latency }: Limits): readonly Contradiction[] {
  const found: Contradiction[] = [];
  if (floors.ceiling < floors.for) {
    found.push({
      path: ['soak', 'ceiling'],
      found: formatDuration(floors.ceiling),
      expected: `at least as long as the soak itself, ${formatDuration(floors.for)}`,
      todo: 'raise it, or shorten `for`',
    });
  }
  const given = entriesOf(latency);
  for (const [index, [name, limit]] of given.entries()) {
    const higher = given.slice(index + 1).find(([, other]) => other < limit);
    if (higher === undefined) continue;
    found.push({
      path: ['limits', name],
      found: formatDuration(limit),
      expected: `at most the ${higher[0]}, ${formatDuration(higher[1])}`,
      todo: `lower it, or raise the ${higher[0]}`,
    });
  }
  const needs: (readonly [number, string])[] = given.map(([name]) => [answersForQuantile(QUANTILES[name]), name]);
  if (errorRate !== undefined) {
    const rate = `an errorRate of ${formatPercentage(errorRate)}`;
    needs.push([cleanAnswersToPass(errorTestOf(errorRate)), rate]);
  }
  const [most, limit] = needs.toSorted(([a], [b]) => b - a)[0] ?? [0, ''];
  if (floors.samples < most) {
    found.push({
      path: ['soak', 'samples'],
      found: String(floors.samples),
      expected: `at least ${most}, for fewer cannot show that a limit on ${limit} is kept`,
      todo: 'raise it, or loosen the limit',
    });
  }
  return found;
}

function entriesOf(latency: Omit<Limits, 'errorRate'>): readonly (readonly [keyof typeof QUANTILES, number])[] {
  const names = Object.keys(QUANTILES) as (keyof typeof QUANTILES)[];
  return names.flatMap((name) => {
    const limit = latency[name];
    return limit === undefined ? [] : [[name, limit] as const];
  });
}
