import type { Latencies } from '../contract/answers.ts';
import { answersIn } from './histogram.ts';
import { upperTail } from './normal.ts';

/**
 * The chance of seeing `newer` so much slower than `older`, or more so, if both came from one distribution: Mann and
 * Whitney 1947, one-sided, by its normal approximation, corrected for ties (a bucket is one tie) and for continuity. To
 * be used from 20 answers a side on. 1 where a side is empty, or all answers lie in one bucket: nothing speaks for it.
 */
export function chanceOfSlower(newer: Latencies, older: Latencies): number {
  const n = answersIn(newer);
  const m = answersIn(older);
  const counts = new Map<number, { newer: number; older: number }>();
  for (const [bucket, count] of newer) counts.set(bucket, { newer: count, older: 0 });
  for (const [bucket, count] of older) counts.set(bucket, { newer: counts.get(bucket)?.newer ?? 0, older: count });

  let faster = 0;
  let wins = 0;
  let ties = 0;
  for (const [, tie] of [...counts].toSorted(([a], [b]) => a - b)) {
    wins += tie.newer * (faster + tie.older / 2);
    faster += tie.older;
    const size = tie.newer + tie.older;
    ties += size ** 3 - size;
  }
  const all = n + m;
  const variance = ((n * m) / 12) * (all + 1 - ties / (all * (all - 1)));
  return variance > 0 ? upperTail((wins - (n * m) / 2 - 0.5) / Math.sqrt(variance)) : 1;
}
