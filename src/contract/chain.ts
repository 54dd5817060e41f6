import type { Digest } from './digest.ts';
import type { Subject } from './envelope.ts';
import type { StagePredicate } from './evidence.ts';
import type { Clause } from './failure.ts';
import { STAGES, type Stage } from './stages.ts';

/** One stage's evidence, as read from the store. */
export interface Link<S extends Stage> {
  readonly digest: Digest;
  readonly predicate: StagePredicate<S>;
  readonly subject: readonly Subject[];
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
 * when nothing is. Pure.
 */
export function faultOfChain(chain: Chain, deploymentId: string, last: Stage | null): Fault | null {
  if (last === null) return null;
  let previous: Link<Stage> | null = null;
  for (const stage of STAGES.slice(0, STAGES.indexOf(last) + 1)) {
    const link = chain[stage] as Link<Stage> | undefined;
    const fault = faultOfLink(link, stage, deploymentId, previous);
    if (fault !== null) return fault;
    previous = link ?? null;
  }
  return faultOfArtifact(chain) ?? faultOfGenerations(chain);
}

function faultOfLink(
  link: Link<Stage> | undefined,
  stage: Stage,
  deploymentId: string,
  previous: Link<Stage> | null,
): Fault | null {
  if (link === undefined) return { clause: '§4', reason: `there is no evidence of ${stage}: a stage was skipped` };
  const { predicate } = link;
  if (predicate.stage !== stage) return { clause: '§4', reason: `evidence of ${predicate.stage} stands for ${stage}` };
  if (predicate.deploymentId !== deploymentId) {
    return { clause: '§15', reason: `the evidence of ${stage} is of ${predicate.deploymentId}, not of ${deploymentId}` };
  }
  if (predicate.previous !== (previous?.digest ?? null)) {
    return { clause: '§4', reason: `${stage} did not consume the evidence of the stage before it` };
  }
  if (predicate.result !== 'passed' || predicate.findings === null) {
    return { clause: '§4', reason: `${stage} did not pass` };
  }
  if (!isTime(predicate.startedAt) || !isTime(predicate.finishedAt)) {
    return { clause: '§14', reason: `the evidence of ${stage} lacks a time` };
  }
  return null;
}

/** Every stage after Build speaks of the very bytes that were built: promoted, not rebuilt (§6, §8, §15). */
function faultOfArtifact(chain: Chain): Fault | null {
  const built = chain.build?.predicate.findings;
  if (!built) return null;
  if (!built.adopted && built.builds[0] !== built.builds[1]) {
    return { clause: '§6', reason: 'the two builds gave different bytes' };
  }
  const named: [Stage, Digest | undefined][] = [
    ['verification', chain.verification?.predicate.findings?.artifact],
    ['release', chain.release?.predicate.findings?.release.digest],
    ['deploy', chain.deploy?.predicate.findings?.release.digest],
    ['deploy', chain.deploy?.predicate.findings?.live?.digest],
    ['post-deploy-verification', chain['post-deploy-verification']?.predicate.findings?.artifact],
    ['completion', chain.completion?.predicate.findings?.observed.live?.digest],
  ];
  for (const [stage, digest] of named) {
    if (chain[stage]?.predicate.findings && digest !== built.release.digest) {
      const clause = stage === 'verification' ? '§15' : stage === 'release' ? '§8' : '§9';
      return { clause, reason: `${stage} speaks of ${digest ?? 'nothing'}, but ${built.release.digest} was built` };
    }
  }
  return null;
}

/** The runtime went from the generation that intake saw to the next one, and to no other (§2, §15). */
function faultOfGenerations(chain: Chain): Fault | null {
  const intake = chain['change-intake']?.predicate.findings;
  if (!intake) return null;
  const expected = intake.generation + 1;
  const seen: [Stage, number | undefined][] = [
    ['deploy', chain.deploy?.predicate.findings?.generation],
    ['post-deploy-verification', chain['post-deploy-verification']?.predicate.findings?.generation],
    ['completion', chain.completion?.predicate.findings?.observed.generation],
  ];
  for (const [stage, generation] of seen) {
    if (chain[stage]?.predicate.findings && generation !== expected) {
      return { clause: '§15', reason: `${stage} saw generation ${generation}; this deployment made ${expected}` };
    }
  }
  return null;
}

export function isTime(value: unknown): value is string {
  return typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value) && !Number.isNaN(Date.parse(value));
}
