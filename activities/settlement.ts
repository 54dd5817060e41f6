import type { DeployerActivities, RestorationReport, SettleInput } from '../src/contract/activities.ts';
import { recordedRollback, remarked, remarkOn, resultOf } from '../src/contract/outcome.ts';
import {
  openRecord,
  withEvidence,
  beginStage,
  endStage,
  type DeploymentRecord,
  type RecordedFailure,
  type RecordedRollback,
} from '../src/contract/record.ts';
import { STAGES } from '../src/contract/stages.ts';
import { notBefore } from '../src/contract/time.ts';
import type { ComponentStore } from '../src/artifacts/store.ts';
import { sealConsequences } from '../src/records/consequences.ts';
import { readSignedEvidence } from '../src/records/evidence.ts';
import { factsOf } from '../src/records/facts.ts';
import { deploymentOf } from '../src/records/names.ts';
import { claimRestoration, readClaim, standingRecord } from '../src/records/record.ts';
import { perform, type Work } from './activity.ts';
import { sealEnded } from './completion.ts';
import type { DeployDeps } from './deploy.ts';
import { refuseOtherEnvironment } from './environment.ts';
import { restore } from './rollback.ts';

/**
 * Settles a deployment whose workflow ended without a record: terminated in the UI, or lost. It restores, fenced, and
 * seals what the evidence shows, as DEPLOYMENT_TERMINATED. A record that stands already is the answer.
 */
export function createSettlement(deps: DeployDeps): Pick<DeployerActivities, 'settleDeployment'> {
  return {
    settleDeployment: (input) =>
      perform(deps.logger.child({ deploymentId: input.deploymentId }), 'always', (work) => settle(deps, input, work)),
  };
}

async function settle(deps: DeployDeps, input: SettleInput, work: Work): Promise<DeploymentRecord> {
  const { deploymentId, order, startedAt } = input;
  const { n: _, ...target } = deploymentOf(deploymentId);
  refuseOtherEnvironment(deps.environment, target);
  const store = deps.artifacts.component(target.component);
  const endedAt = await claim(store, deploymentId);
  const standing = await standingRecord(store, deploymentId);
  if (standing !== null) {
    await sealConsequences(store, standing); // whoever sealed it may have been cut short before these
    return standing.record;
  }
  const seen = await recordFromEvidence(store, input, endedAt);
  const { stage: begun, finishedAt } = seen.stages.at(-1) ?? { stage: null, finishedAt: null };
  // Change intake alone rejects (§5). A termination meanwhile is no judgement of its: the failure is not told of it.
  const stage = begun === 'change-intake' ? null : begun;
  const message = 'its workflow ended without a record: it was terminated, or lost with its history';
  const failure: RecordedFailure = { code: 'DEPLOYMENT_TERMINATED', clause: '§11', stage, message };
  const restored = await restoreAdmitted(deps, deploymentId, notBefore(finishedAt ?? startedAt, endedAt), store, work);
  const rollback = restored?.rollback ?? null;
  const told = remarked(failure, restored && remarkOn(restored.report.outcome));
  const record = { ...seen, failure: told, rollback, result: resultOf(failure, rollback) };
  return await sealEnded(deps, { order, record, after: restored?.report.after ?? null });
}

/**
 * Claims the deployment before anything of it is read, so that none of its stages, which may go on elsewhere, proves
 * more than the record will know of. When it was claimed first is when it had ended, for whoever repeats this too.
 */
async function claim(store: ComponentStore, deploymentId: string): Promise<string> {
  const at = new Date().toISOString();
  await claimRestoration(store, { deploymentId, generation: await generationOf(store, deploymentId), at });
  return (await readClaim(store, deploymentId))?.at ?? at;
}

async function generationOf(store: ComponentStore, deploymentId: string): Promise<number | null> {
  const intake = (await readSignedEvidence(store, deploymentId, 'change-intake'))?.predicate.findings;
  return intake ? intake.generation + 1 : null;
}

/** Undoes what an admitted deployment may have done; a deployment that was never admitted had nothing to act on. */
async function restoreAdmitted(
  deps: DeployDeps,
  deploymentId: string,
  since: string,
  store: ComponentStore,
  work: Work,
): Promise<{ readonly rollback: RecordedRollback | null; readonly report: RestorationReport } | null> {
  const intake = (await readSignedEvidence(store, deploymentId, 'change-intake'))?.predicate.findings;
  if (!intake) return null;
  const { from, generation, rollbackWithin: within } = intake;
  const startedAt = Date.parse(since);
  const report = await restore(deps, { deploymentId, generation: generation + 1, to: from }, work);
  const trigger = 'DEPLOYMENT_TERMINATED';
  const course = { trigger, to: from, startedAt, endedAt: Math.max(Date.now(), startedAt), within } as const;
  const { outcome: restored, data = null } = report;
  return { rollback: recordedRollback({ ...course, restored, data }), report };
}

/**
 * The record as far as the sealed evidence tells it: a stage that was running when it ended counts as aborted, and so
 * does a completion that was proved but not recorded (§11). The clocks are those of several machines.
 */
async function recordFromEvidence(
  store: ComponentStore,
  { deploymentId, order, startedAt }: SettleInput,
  endedAt: string,
): Promise<DeploymentRecord> {
  let record = openRecord(deploymentId, order);
  let begun = startedAt;
  for (const stage of STAGES) {
    record = beginStage(record, stage, begun);
    const evidence = await readSignedEvidence(store, deploymentId, stage);
    if (evidence === null) return endStage(record, 'aborted', notBefore(begun, endedAt), null);
    const { predicate, digest } = evidence;
    const finishedAt = notBefore(begun, predicate.finishedAt);
    if (predicate.result === 'failed') return endStage(record, 'failed', finishedAt, digest);
    if (stage === 'completion') return endStage(record, 'aborted', finishedAt, digest);
    record = withEvidence(record, { stage, digest, facts: factsOf(stage, predicate) }, finishedAt);
    begun = finishedAt;
  }
  return record;
}
