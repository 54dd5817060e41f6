import type { Facts, StagePredicate } from '../contract/evidence.ts';
import type { SoakFigures } from '../contract/record.ts';
import type { Stage } from '../contract/stages.ts';
import type { LiveVerdict } from '../health/verify-live.ts';

type FactsReader = { [S in Stage]: (findings: NonNullable<StagePredicate<S>['findings']>) => Facts[S] };

const READ: FactsReader = {
  'change-intake': ({ change, source, from, generation, rollbackWithin, receivers }) => ({
    changeId: change.id,
    summary: change.summary,
    reason: change.reason,
    carries: change.carries,
    source: { repository: source.repository, revision: source.revision },
    from,
    generation,
    rollbackWithin,
    ...(receivers && { receivers }),
  }),
  build: ({ release }) => release,
  verification: () => null,
  release: ({ wayBack }) => wayBack ?? null,
  deploy: ({ wayBack }) => wayBack ?? null,
  'post-deploy-verification': ({ verdict }) => soakFiguresOf(verdict),
  completion: () => null,
};

/** Null for evidence of earlier versions as well. */
function soakFiguresOf(verdict: unknown): SoakFigures | null {
  const { figures = null } = (verdict ?? {}) as Partial<LiveVerdict>;
  if (figures === null) return null;
  const { answers, errors, errorRateBelow, errorTest } = figures;
  return { answers, errors, errorRateBelow, falseAlarm: errorTest.falseAlarm, power: errorTest.power };
}

/** Those facts of a sealed evidence that the workflow carries: read from it, so that a repeated stage gives the same. */
export function factsOf<S extends Stage>(stage: S, { findings }: StagePredicate<S>): Facts[S] {
  if (findings === null) throw new TypeError(`evidence of ${stage} passed without findings`);
  return READ[stage](findings);
}
