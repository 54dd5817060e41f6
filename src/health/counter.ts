import { type Answers, NO_ANSWERS, since } from '../contract/answers.ts';
import type { Measurement } from '../runtime/driver.ts';
import type { Sample } from './sample.ts';

/** What it throws is thrown on, as of `observe`. */
export type Measure = () => Promise<Measurement>;

/** Reads the runtime's counts, which only grow, as what came since it was last read. */
export interface Counter {
  /** What a sample says of it: nothing, where the runtime counts nothing now. */
  readonly read: () => Promise<Pick<Sample, 'answers' | 'early'>>;
  /** Says that the release has had its time to start: what was answered until now is `early`. */
  readonly settle: () => Promise<void>;
}

/** Counts on from `first`. Answers are early until it is settled, which it may be from the beginning. */
export function createCounter(measure: Measure, first: Measurement['live'], hasStarted = false): Counter {
  let last = first;
  let isSettled = hasStarted;
  let early = NO_ANSWERS;

  return {
    read: async () => {
      const { live } = await measure();
      if (live === null) return {};
      const answers = grown(last, live);
      const started = isSettled ? early : answers;
      last = live;
      early = NO_ANSWERS;
      return { answers, ...(started.users.answers + started.probes.answers > 0 && { early: started }) };
    },
    settle: async () => {
      if (isSettled) return;
      const { live } = await measure();
      if (live !== null) early = grown(last, live);
      isSettled = true;
    },
  };
}

/** Another instance, or a runtime that began anew, has answered all that it counts since. */
function grown(last: Measurement['live'], { instance, answers }: NonNullable<Measurement['live']>): Answers {
  if (last?.instance !== instance) return answers;
  const users = since(last.answers.users, answers.users);
  const probes = since(last.answers.probes, answers.probes);
  return users === answers.users || probes === answers.probes ? answers : { users, probes };
}
