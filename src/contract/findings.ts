import type { Chain, Fault } from './chain.ts';
import { hexOf } from './digest.ts';
import type { Findings } from './evidence.ts';
import type { Clause } from './failure.ts';
import type { LiveRelease, ReleaseRef } from './release.ts';
import { STAGES, type Stage } from './stages.ts';
import { isTime } from './time.ts';

/**
 * What is wrong with what the stages of one deployment found: each speaks of the same artifact, generation, change and
 * verdict as the others; null when nothing is. Stages without findings are passed over. Pure.
 */
export function faultOfFindings(chain: Chain, deploymentId: string): Fault | null {
  return (
    faultOfBuild(chain) ??
    faultOfArtifact(chain) ??
    faultOfVerdicts(chain) ??
    faultOfRelease(chain) ??
    faultOfLive(chain, deploymentId) ??
    faultOfCompletion(chain)
  );
}

function found<S extends Stage>(chain: Chain, stage: S): Findings[S] | null {
  return (chain[stage]?.predicate.findings as Findings[S] | null | undefined) ?? null;
}

/** §6: both builds gave the same bytes. §13: a rollback builds nothing, it takes the release that it returns to. */
function faultOfBuild(chain: Chain): Fault | null {
  const built = found(chain, 'build');
  if (built === null) return null;
  if (built.builds[0] !== built.builds[1]) return { clause: '§6', reason: 'the two builds gave different bytes' };
  const returnTo = found(chain, 'change-intake')?.returnTo ?? null;
  if (returnTo !== null && !(built.adopted && isSameRelease(built.release, returnTo))) {
    return { clause: '§13', reason: `it was to return to ${returnTo.version}, and took ${built.release.version}` };
  }
  return null;
}

/** Every stage after Build speaks of the very bytes that were built: promoted, not rebuilt (§6, §8, §9, §15). */
function faultOfArtifact(chain: Chain): Fault | null {
  const built = found(chain, 'build')?.release;
  if (built === undefined) return null;
  const deploy = found(chain, 'deploy');
  const named: readonly [Stage, Partial<ReleaseRef> | null | undefined][] = [
    ['build', built],
    ['verification', digestOnly(found(chain, 'verification'))],
    ['release', found(chain, 'release')?.release],
    ['deploy', deploy?.release],
    ['deploy', deploy?.live],
    ['post-deploy-verification', digestOnly(found(chain, 'post-deploy-verification'))],
    ['completion', found(chain, 'completion')?.observed.live],
  ];
  for (const [stage, release] of named) {
    const link = chain[stage];
    if (!link?.predicate.findings) continue;
    const isBuilt = release?.digest === built.digest && (release.version ?? built.version) === built.version;
    const isSubject = link.subject.some(({ digest }) => digest.sha256 === hexOf(built.digest));
    if (isBuilt && isSubject) continue;
    const clause = CLAUSE_OF[stage];
    const other = isBuilt ? 'other bytes' : (release?.digest ?? 'nothing');
    return { clause, reason: `${stage} speaks of ${other}, but ${built.digest} (${built.version}) was built` };
  }
  return null;
}

/** The clause that a stage breaks which speaks of other bytes. */
const CLAUSE_OF = {
  'change-intake': '§5',
  build: '§6',
  verification: '§15',
  release: '§8',
  deploy: '§9',
  'post-deploy-verification': '§9',
  completion: '§9',
} as const satisfies Record<Stage, Clause>;

function digestOnly(
  findings: Findings['verification' | 'post-deploy-verification'] | null,
): Partial<ReleaseRef> | null {
  return findings && { digest: findings.artifact };
}

/** §7, §10: what passed was found good; a verdict that is missing is none. */
function faultOfVerdicts(chain: Chain): Fault | null {
  const { verification, 'post-deploy-verification': observation } = chain;
  if (verification?.predicate.result === 'passed' && found(chain, 'verification')?.verdict !== 'pass') {
    return { clause: '§7', reason: 'verification passed, although its verdict is not pass' };
  }
  const live = found(chain, 'post-deploy-verification')?.verdict as { readonly verdict?: unknown } | null | undefined;
  if (observation?.predicate.result === 'passed' && live?.verdict !== 'pass') {
    return { clause: '§10', reason: 'post-deploy-verification passed, although its verdict is not pass' };
  }
  return null;
}

/** §8: the release names the change and the revision that were admitted. */
function faultOfRelease(chain: Chain): Fault | null {
  const intake = found(chain, 'change-intake');
  const release = found(chain, 'release');
  if (intake === null || release === null) return null;
  const isOwn =
    release.change === intake.change.id &&
    release.source.repository === intake.source.repository &&
    release.source.revision === intake.source.revision;
  if (!isOwn)
    return { clause: '§8', reason: 'the release names another change or revision than change intake admitted' };
  return isTime(release.releasedAt) ? null : { clause: '§14', reason: 'the release lacks a time' };
}

/** The runtime went from the generation that intake saw to the next one, and to no other, by this deployment (§2, §15). */
function faultOfLive(chain: Chain, deploymentId: string): Fault | null {
  const intake = found(chain, 'change-intake');
  if (intake === null) return null;
  const made = intake.generation + 1;
  const deploy = found(chain, 'deploy');
  const observed = found(chain, 'completion')?.observed;
  const seen: readonly [Stage, number | undefined, LiveRelease | null | undefined][] = [
    ['deploy', deploy?.generation, deploy?.live],
    ['post-deploy-verification', found(chain, 'post-deploy-verification')?.generation, undefined],
    ['completion', observed?.generation, observed?.live],
  ];
  for (const [stage, generation, live] of seen) {
    if (!chain[stage]?.predicate.findings) continue;
    if (generation !== made) {
      return { clause: '§15', reason: `${stage} saw generation ${generation}; this deployment made ${made}` };
    }
    if (live && live.deploymentId !== deploymentId) {
      return { clause: '§15', reason: `${stage} saw what ${live.deploymentId} had made live` };
    }
  }
  return null;
}

/** §11: completion seals the six before it, and that operators could see it. */
function faultOfCompletion(chain: Chain): Fault | null {
  const completion = found(chain, 'completion');
  if (completion === null) return null;
  const six = STAGES.slice(0, -1).map((stage) => chain[stage]?.digest);
  if (completion.chain.join() !== six.join()) {
    return { clause: '§11', reason: 'completion sealed other evidence than that of the six stages before it' };
  }
  const hasFailed = chain.completion?.predicate.result === 'failed';
  return isTime(completion.visibleSince) || (hasFailed && completion.visibleSince === null)
    ? null
    : { clause: '§11', reason: 'completion does not say since when it was visible' };
}

function isSameRelease(a: ReleaseRef, b: ReleaseRef): boolean {
  return a.digest === b.digest && a.version === b.version;
}
