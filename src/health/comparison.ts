import type { AnswerCounts, Latencies } from '../contract/answers.ts';
import { answersIn, quantileOf, slowerThan, totalOf } from '../statistics/histogram.ts';
import { chanceOfSlower } from '../statistics/mann-whitney.ts';
import { chanceOfMore } from '../statistics/proportions.ts';
import { isReached, reachedBy } from './floors.ts';
import type { Judgement, Part } from './judgement.ts';
import type { VerdictPolicy } from './policy.ts';
import type { Sample } from './sample.ts';
import { settledAnswers } from './series.ts';

/** Users on each side below which nothing is compared: the approximation holds from here on. */
export const LEAST_USERS = 20;
/** Slower by so much at the middle is worse, not merely different: thousands of answers show differences that nobody feels. */
const SLOWER = 1.2;
/** Milliseconds, and by so much at least: below it, what a machine has to do besides is as large. */
const NOTICEABLE = 5;
/** An answer is in the slow tail when it took so many times the old p95. */
const TAIL = 3;
/** One slow answer in a hundred is not to fail; five are. Between them, and three in number at least. */
const TAIL_SHARE = 0.025;
const TAIL_LEAST = 3;

/**
 * Users of the new version against those of the version before, of a soak: once, on the first samples that reach both
 * floors with enough users, for a test that is asked again and again finds something in the end.
 */
export function comparisonPart(soak: readonly Sample[], before: AnswerCounts | null, policy: VerdictPolicy): Part {
  const older = before?.latencies ?? [];
  const newer = firstEnough(soak, policy);
  if (newer === null || answersIn(older) < LEAST_USERS) {
    const users = answersIn(totalOf(soak.map((sample) => settledAnswers(sample).users)).latencies);
    const counts = `${users} answers to users, ${answersIn(older)} by the version before`;
    return { verdict: 'pass', reason: `latency not compared: ${counts}, ${LEAST_USERS} needed of each` };
  }
  return compareLatencies(newer, older, policy.alpha);
}

/** Fails when the middle moved, or when a slow tail grew: either may move without the other. */
export function compareLatencies(newer: Latencies, older: Latencies, alpha: number): Judgement {
  const median = quantileOf(newer, 0.5) ?? 0;
  const was = quantileOf(older, 0.5) ?? 0;
  const chance = chanceOfSlower(newer, older);
  const middle = `median ${milliseconds(median)}, ${milliseconds(was)} before`;
  if (chance < alpha && median >= SLOWER * was && median - was >= NOTICEABLE) {
    return { verdict: 'fail', reason: `slower for users: ${middle} (p ${shown(chance)})` };
  }
  const p95 = quantileOf(older, 0.95) ?? 0;
  const long = Math.max(TAIL * p95, p95 + NOTICEABLE);
  const [slow, answers] = [slowerThan(newer, long), answersIn(newer)];
  const [slowBefore, answersBefore] = [slowerThan(older, long), answersIn(older)];
  const tail = `${slow} of ${answers} longer than ${milliseconds(long)}, ${slowBefore} of ${answersBefore} before`;
  const grew = chanceOfMore(slow, answers, slowBefore, answersBefore);
  if (slow >= TAIL_LEAST && slow >= TAIL_SHARE * answers && grew < alpha) {
    return { verdict: 'fail', reason: `a slow tail for users: ${tail} (p ${shown(grew)})` };
  }
  return { verdict: 'pass', reason: `no slower for users: ${middle}; ${tail}` };
}

/** The latencies of users in the first samples that reach both floors with enough of them; null before that. */
function firstEnough(soak: readonly Sample[], policy: VerdictPolicy): Latencies | null {
  const counts: AnswerCounts[] = [];
  let users = 0;
  let at = 0;
  for (const reached of reachedBy(soak, policy)) {
    const sample = soak[at++];
    if (sample === undefined) return null;
    const settled = settledAnswers(sample).users;
    counts.push(settled);
    users += answersIn(settled.latencies);
    if (users >= LEAST_USERS && isReached(reached, policy)) return totalOf(counts).latencies;
  }
  return null;
}

function milliseconds(value: number): string {
  return `${Number(value.toPrecision(3))}ms`;
}

function shown(chance: number): string {
  return chance < 0.0001 ? 'below 0.0001' : String(Number(chance.toPrecision(1)));
}
