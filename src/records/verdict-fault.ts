import type { ComponentStore } from '../artifacts/store.ts';
import { parsePlatform } from '../config/load.ts';
import type { Chain, Fault, Link } from '../contract/chain.ts';
import { codeOf } from '../contract/failure.ts';
import type { Stage } from '../contract/stages.ts';
import { evaluateDone } from '../done/evaluate.ts';
import { hasPolicy, recomputeVerdict } from '../health/recompute.ts';
import type { ChainTo } from './chain.ts';
import { doneInputOf } from './done-input.ts';
import { readPlatform } from './platform.ts';
import { readDegradation } from './watch.ts';

/**
 * What is wrong with the verdicts of a deployment, reckoned again from the samples, the rules and the record that they
 * were given for; null when nothing is. Evidence of earlier versions does not say what it was judged by, and is passed over.
 */
export async function verdictFault(store: ComponentStore, deploymentId: string, chain: Chain): Promise<Fault | null> {
  return (
    faultOfSoak(chain) ?? (await faultOfDone(store, deploymentId, chain)) ?? (await faultOfDegradation(store, chain))
  );
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

/** §11: the rules of the Definition of Done hold, or do not, as was sealed. */
async function faultOfDone(store: ComponentStore, deploymentId: string, chain: Chain): Promise<Fault | null> {
  const { completion } = chain;
  const sealed = completion?.predicate.findings?.done;
  const rules = await rulesOf(store, chain);
  if (completion === undefined || sealed === undefined || rules === null) return null;
  const again = await evaluateDone(rules, await doneInputOf(store, deploymentId, provedIn(chain)));
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
async function rulesOf(store: ComponentStore, chain: Chain) {
  const platform = chain['change-intake']?.predicate.findings?.platform;
  if (platform === undefined) return null;
  try {
    return parsePlatform(await readPlatform(store, platform)).definitionOfDone;
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
