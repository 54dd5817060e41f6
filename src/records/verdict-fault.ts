import { saysTheSame } from '../artifacts/canonical.ts';
import { readManifest } from '../artifacts/image.ts';
import type { ComponentStore } from '../artifacts/store.ts';
import { parsePlatform } from '../config/load.ts';
import type { Platform } from '../config/platform.ts';
import { faultOfChain, type Chain, type Fault, type Link } from '../contract/chain.ts';
import { codeOf } from '../contract/failure.ts';
import { STAGES, type Stage } from '../contract/stages.ts';
import { evaluateDone } from '../done/evaluate.ts';
import { declaredPolicy } from '../health/policy.ts';
import { hasPolicy, recomputeVerdict } from '../health/recompute.ts';
import type { ChainTo } from './chain.ts';
import { doneInputOf } from './done-input.ts';
import { deploymentOf } from './names.ts';
import { environmentOf, readPlatform } from './platform.ts';
import { readDegradation } from './watch.ts';

/**
 * What is wrong with the verdicts of a deployment, reckoned again from the samples, the rules and the record that they
 * were given for; null when nothing is. Evidence of earlier versions, which says nothing of the way back, does not say
 * either what it was judged by, and is passed over.
 */
export async function verdictFault(store: ComponentStore, deploymentId: string, chain: Chain): Promise<Fault | null> {
  // What hangs on a chain that does not hold is not looked at: the chain is what is wrong.
  if (faultOfChain(chain, deploymentId, lastPassed(chain)) !== null) return null;
  const platform = await platformOf(store, chain);
  return (
    faultOfGaps(chain) ??
    faultOfSoak(chain) ??
    (await faultOfPolicy(store, deploymentId, chain, platform)) ??
    (await faultOfDone(store, deploymentId, chain, platform)) ??
    (await faultOfDegradation(store, chain))
  );
}

function lastPassed(chain: Chain): Stage | null {
  return STAGES.findLast((stage) => chain[stage]?.predicate.result === 'passed') ?? null;
}

/** §10, §11: what says how its way back was proved says also what its verdicts were given by. */
function faultOfGaps(chain: Chain): Fault | null {
  if (chain.deploy?.predicate.findings?.wayBack === undefined) return null;
  const live = chain['post-deploy-verification']?.predicate.findings;
  if (live && !(typeof live.verdict === 'object' && live.verdict !== null && hasPolicy(live.verdict))) {
    return { clause: '§10', reason: 'post-deploy-verification does not say what it was judged by' };
  }
  const completion = chain.completion?.predicate.findings;
  return completion && completion.done === undefined
    ? { clause: '§11', reason: 'completion does not say what the Definition of Done came to' }
    : null;
}

/** §10: the verdict of post-deploy verification follows from its samples, and the stage ended as it says. */
function faultOfSoak(chain: Chain): Fault | null {
  const link = chain['post-deploy-verification'];
  const verdict = link?.predicate.findings?.verdict;
  if (link === undefined || !verdict || !hasPolicy(verdict)) return null;
  const { verdict: found, code, message } = recomputeVerdict(verdict);
  if (found !== verdict.verdict || code !== verdict.code || message !== verdict.message) {
    return { clause: '§10', reason: `its samples come to ${found} (${message}), and ${verdict.verdict} was sealed` };
  }
  const ended = link.predicate.failure?.code ?? null;
  return ended === code
    ? null
    : { clause: '§10', reason: `its samples come to ${code ?? 'a pass'}, and it ended with ${ended ?? 'a pass'}` };
}

/** §10: it was judged by what its platform file and its manifest declare, and by nothing laxer. */
async function faultOfPolicy(
  store: ComponentStore,
  deploymentId: string,
  chain: Chain,
  platform: Platform | null,
): Promise<Fault | null> {
  const findings = chain['post-deploy-verification']?.predicate.findings;
  const verdict = findings?.verdict;
  if (!findings || !verdict || !hasPolicy(verdict) || platform === null) return null;
  const environment = environmentOf(platform, deploymentOf(deploymentId).environment);
  const manifest = await readManifest(store, findings.artifact);
  const declared = declaredPolicy(environment, manifest, verdict.policy.counted);
  return saysTheSame(declared, verdict.policy)
    ? null
    : { clause: '§10', reason: 'it was judged by another policy than its platform file and its manifest declare' };
}

/** §11: the rules of the Definition of Done hold, or do not, as was sealed. */
async function faultOfDone(
  store: ComponentStore,
  deploymentId: string,
  chain: Chain,
  platform: Platform | null,
): Promise<Fault | null> {
  const { completion } = chain;
  const sealed = completion?.predicate.findings?.done;
  if (completion === undefined || sealed === undefined || platform === null) return null;
  const again = await evaluateDone(platform.definitionOfDone, await doneInputOf(store, deploymentId, provedIn(chain)));
  const other = again.find(({ name, holds }) => sealed.find((own) => own.name === name)?.holds !== holds);
  if (other !== undefined || again.length !== sealed.length) {
    const name = other?.name ?? 'a rule of somebody else';
    return { clause: '§11', reason: `"${name}" comes out otherwise than was sealed of the Definition of Done` };
  }
  const isViolated = again.some(({ holds }) => !holds);
  return isViolated === (completion.predicate.result === 'failed')
    ? null
    : { clause: '§11', reason: 'completion ended otherwise than its Definition of Done came out' };
}

/** §12: a rollback that a lane ordered by itself follows from samples that say that the release degraded. */
async function faultOfDegradation(store: ComponentStore, chain: Chain): Promise<Fault | null> {
  const intake = chain['change-intake']?.predicate.findings;
  if (!intake || intake.order.kind !== 'rollback' || intake.order.degradation === undefined) return null;
  const { deploymentId, evidence } = intake.order.degradation;
  const sealed = await readDegradation(store, deploymentId);
  if (sealed?.evidence !== evidence) {
    return { clause: '§12', reason: `there is no such evidence that ${deploymentId} degraded: ${evidence}` };
  }
  if (intake.from?.deploymentId !== deploymentId || sealed.digest !== intake.from.digest) {
    return { clause: '§12', reason: `${deploymentId} degraded, and another release was taken back` };
  }
  const { verdict } = sealed;
  const isFailed = typeof verdict === 'object' && verdict !== null && hasPolicy(verdict);
  return isFailed && recomputeVerdict(verdict).verdict === 'fail'
    ? null
    : { clause: '§12', reason: `the samples of ${deploymentId} do not come to a failure` };
}

/** Null where a later version reads that platform file no more. */
async function platformOf(store: ComponentStore, chain: Chain): Promise<Platform | null> {
  const platform = chain['change-intake']?.predicate.findings?.platform;
  if (platform === undefined) return null;
  try {
    return parsePlatform(await readPlatform(store, platform));
  } catch (error) {
    if (codeOf(error) === 'FILE_INVALID') return null;
    throw error;
  }
}

/** The six stages before completion, which has findings only where they have. */
function provedIn(chain: Chain): ChainTo<'post-deploy-verification'> {
  const proved = Object.entries(chain).map(([stage, link]) => {
    const { digest, predicate } = link as Link<Stage>;
    const { startedAt, finishedAt, findings } = predicate;
    return [stage, { digest, startedAt, finishedAt, findings }];
  });
  return Object.fromEntries(proved) as ChainTo<'post-deploy-verification'>;
}
