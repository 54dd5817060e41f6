import type { Digest } from './digest.ts';
import type { Subject } from './envelope.ts';
import type { StagePredicate } from './evidence.ts';
import type { Clause } from './failure.ts';
import { faultOfFindings } from './findings.ts';
import { STAGES, type Stage } from './stages.ts';
import { isTime } from './time.ts';

/** One stage's evidence, as read from the store. */
export interface Link<S extends Stage> {
  readonly digest: Digest;
  readonly predicate: StagePredicate<S>;
  readonly subject: readonly Subject[];
  /** The name of the key that signed it; null for evidence of versions that did not sign. */
  readonly key?: string | null;
}

/** The evidence of a deployment, by stage, as far as it goes. */
export type Chain = { readonly [S in Stage]?: Link<S> };

/** Which clause is broken, and how. */
export interface Fault {
  readonly clause: Clause;
  readonly reason: string;
}

/**
 * What is wrong with a chain that should run, passed, from change intake to `last` (null: nothing has passed); null
 * when nothing is. What stands after `last`, failed or unknown to the record, has to hang on the chain as well. Pure.
 */
export function faultOfChain(chain: Chain, deploymentId: string, last: Stage | null): Fault | null {
  const passed = last === null ? 0 : STAGES.indexOf(last) + 1;
  let previous: Link<Stage> | null = null;
  for (const [index, stage] of STAGES.entries()) {
    const link = chain[stage] as Link<Stage> | undefined;
    if (link === undefined) {
      if (index >= passed) break;
      return { clause: '§4', reason: `there is no evidence of ${stage}: a stage was skipped` };
    }
    const fault = faultOfLink(link, stage, deploymentId, previous);
    if (fault !== null) return fault;
    if (index < passed && (link.predicate.result !== 'passed' || link.predicate.findings === null)) {
      return { clause: '§4', reason: `${stage} did not pass` };
    }
    previous = link;
  }
  return faultOfFindings(chain, deploymentId);
}

/** Whether a link is of this stage and this deployment, and hangs on the one before it. */
function faultOfLink(
  { predicate }: Link<Stage>,
  stage: Stage,
  deploymentId: string,
  previous: Link<Stage> | null,
): Fault | null {
  if (predicate.stage !== stage) return { clause: '§4', reason: `evidence of ${predicate.stage} stands for ${stage}` };
  if (predicate.deploymentId !== deploymentId || !deploymentId.startsWith(`${predicate.target}/`)) {
    return {
      clause: '§15',
      reason: `the evidence of ${stage} is of ${predicate.deploymentId}, not of ${deploymentId}`,
    };
  }
  if (predicate.previous !== (previous?.digest ?? null)) {
    return { clause: '§4', reason: `${stage} did not consume the evidence of the stage before it` };
  }
  if (!isTime(predicate.startedAt) || !isTime(predicate.finishedAt)) {
    return { clause: '§14', reason: `the evidence of ${stage} lacks a time` };
  }
  if (predicate.finishedAt < predicate.startedAt) {
    return { clause: '§14', reason: `by its evidence, ${stage} ended before it began` };
  }
  if ((predicate.failure === null) !== (predicate.result === 'passed')) {
    return { clause: '§4', reason: `the evidence of ${stage} says that it ${predicate.result}, and the opposite` };
  }
  return null;
}
