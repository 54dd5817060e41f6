import { formatDuration } from '../config/duration.ts';
import { NO_ANSWERS } from '../contract/answers.ts';
import type { Part } from './judgement.ts';
import type { VerdictPolicy } from './policy.ts';
import type { Sample } from './sample.ts';

/** How far a soak has come towards its floors. */
export interface Reached {
  /** Conclusive looks. */
  readonly looks: number;
  /** Milliseconds from the first of them to the last. */
  readonly span: number;
  /** What the floor of samples counts. */
  readonly samples: number;
}

/** After each look, how far the soak had come by then. */
export function* reachedBy(soak: readonly Sample[], { counted }: VerdictPolicy): Generator<Reached> {
  let first: number | null = null;
  let looks = 0;
  let span = 0;
  let answered = 0;
  for (const { outcome, after, answers = NO_ANSWERS } of soak) {
    answered += answers.users.answers + answers.probes.answers;
    if (outcome !== 'late') {
      first ??= after;
      looks += 1;
      span = after - first;
    }
    yield { looks, span, samples: counted === 'answers' ? answered : looks };
  }
}

export function isReached({ samples, span }: Reached, policy: VerdictPolicy): boolean {
  return samples >= policy.samples && span >= policy.for;
}

/** Both floors: least time, least samples. What we ourselves were too slow to see, or could not count, is ours. */
export function floorsPart(soak: readonly Sample[], policy: VerdictPolicy): Part {
  const reached = [...reachedBy(soak, policy)].at(-1) ?? { looks: 0, span: 0, samples: 0 };
  const { looks, span, samples } = reached;
  const unit = policy.counted === 'answers' ? 'answers' : 'samples';
  if (isReached(reached, policy)) return { verdict: 'pass', reason: `${samples} ${unit} in ${formatDuration(span)}` };

  const late = soak.length - looks;
  const uncounted = policy.counted === 'answers' && soak.some(({ answers }) => answers === undefined);
  const enough = policy.counted === 'answers' ? late > looks : samples + late >= policy.samples;
  const ours = uncounted || (late > 0 && (enough || span < policy.for));
  return {
    verdict: 'inconclusive',
    reason: `${samples} of ${policy.samples} ${unit} in ${formatDuration(span)} of ${formatDuration(policy.for)}`,
    ours,
    ...(policy.counted === 'answers' && samples < policy.samples && { wants: 'floor' }),
  };
}
