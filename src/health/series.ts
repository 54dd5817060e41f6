import { type AnswerCounts, type Answers, type Latencies, NO_ANSWERS, since } from '../contract/answers.ts';
import { totalOf } from '../statistics/histogram.ts';
import type { VerdictPolicy } from './policy.ts';
import type { Sample } from './sample.ts';

/** The answers that a soak is judged by. */
export interface Series {
  readonly who: 'users' | 'users and probes';
  readonly answers: number;
  readonly errors: number;
}

/**
 * Users alone, once they alone reach the floor, so that probes which are well cannot hide that users are not; until
 * then, users and probes.
 */
export function seriesOf(soak: readonly Sample[], { samples }: VerdictPolicy): Series {
  let users = 0;
  let userErrors = 0;
  let all = 0;
  let allErrors = 0;
  for (const { answers = NO_ANSWERS } of soak) {
    users += answers.users.answers;
    userErrors += answers.users.errors;
    all += answers.users.answers + answers.probes.answers;
    allErrors += answers.users.errors + answers.probes.errors;
  }
  return users >= samples
    ? { who: 'users', answers: users, errors: userErrors }
    : { who: 'users and probes', answers: all, errors: allErrors };
}

/** How long the answers of a series took, but for those of a slow start. */
export function latenciesOf(soak: readonly Sample[], who: Series['who']): Latencies {
  const settled = soak.map(settledAnswers);
  const users = settled.map((answers) => answers.users);
  return totalOf(who === 'users' ? users : [...users, ...settled.map((answers) => answers.probes)]).latencies;
}

/** A sample's answers, but for those of a slow start. */
export function settledAnswers({ answers = NO_ANSWERS, early }: Sample): Answers {
  if (early === undefined) return answers;
  const later = (which: keyof Answers): AnswerCounts => since(early[which], answers[which]);
  return { users: later('users'), probes: later('probes') };
}
