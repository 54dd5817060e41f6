import type { Chain, Fault } from './chain.ts';
import type { Dossier } from './dossier.ts';
import { resultOf } from './outcome.ts';
import type { DeploymentRecord, RecordedRollback } from './record.ts';
import type { LiveRelease } from './release.ts';
import { expectedState, isSameState } from './sealed-record.ts';
import { STAGES } from './stages.ts';
import { isSameRelease, provedIn } from './statements.ts';
import { isTime } from './time.ts';
import { triggerOf } from './trigger.ts';

/** §11, §12: completed means all seven stages passed; every other result follows from what went wrong, and where. */
export function faultOfResult({ result, stages, failure, rollback }: DeploymentRecord): Fault | null {
  const last = stages.at(-1);
  const isWhole = stages.length === STAGES.length && last?.result === 'passed';
  if (result === 'completed') {
    const isClean = isWhole && failure === null && rollback === null;
    return isClean ? null : { clause: '§11', reason: 'completed: not all seven stages passed' };
  }
  if (last?.result === 'passed') return { clause: '§11', reason: `${result}: yet no stage failed` };
  if (failure === null) return { clause: '§11', reason: `${result}: the record does not say what went wrong` };
  // Of a deployment that was terminated it is not known whether its first stage had begun.
  if (failure.stage !== last?.stage && !(failure.stage === null && failure.code === 'DEPLOYMENT_TERMINATED')) {
    return {
      clause: '§14',
      reason: `${last?.stage} did not pass, but the failure is told of ${failure.stage ?? 'no stage'}`,
    };
  }
  const deployed = stages.find(({ stage }) => stage === 'deploy');
  if (rollback === null && deployed?.result === 'passed') {
    return { clause: '§12', reason: `${result}: the runtime was changed, and nothing was restored` };
  }
  if (rollback !== null && deployed === undefined) {
    return { clause: '§13', reason: `${result}: a rollback is told of, although nothing was deployed` };
  }
  const expected = resultOf(failure, rollback);
  return result === expected
    ? null
    : { clause: '§11', reason: `recorded as ${result}; what is told of it ends as ${expected}` };
}

/** §13: back to the release that it started from, within a bound that is stated, for a reason that is known. */
export function faultOfRollback(record: DeploymentRecord, chain: Chain): Fault | null {
  const { rollback, failure, stages } = record;
  if (rollback === null || failure === null) return null;
  const intake = provedIn(record, chain, 'change-intake');
  const from = intake?.from ?? null;
  if (!isSameRelease(rollback.to, from)) {
    return { clause: '§13', reason: 'it was not rolled back to the release that it started from' };
  }
  if (rollback.within !== intake?.rollbackWithin) {
    return {
      clause: '§13',
      reason: `its bound was ${intake?.rollbackWithin} ms, and is recorded as ${rollback.within}`,
    };
  }
  if (rollback.trigger !== triggerOf(failure)) {
    return {
      clause: '§12',
      reason: `${failure.code} triggers ${triggerOf(failure)}, and is recorded as ${rollback.trigger}`,
    };
  }
  if (rollback.outcome === 'restoring') {
    return { clause: '§13', reason: 'the record was sealed while the rollback still went on' };
  }
  if (rollback.data?.how === 'hashed' && rollback.data.before !== rollback.data.after) {
    return { clause: '§13', reason: 'the instance folder was changed between the old instance and the new one' };
  }
  if (rollback.outcome !== 'failed' && (rollback.outcome === 'removed') !== (from === null)) {
    return {
      clause: '§13',
      reason: `outcome ${rollback.outcome}, although it started from ${from?.version ?? 'nothing'}`,
    };
  }
  return faultOfTimes(rollback, stages.at(-1)?.finishedAt ?? '');
}

/** §13, §14: it began once its reason was there, and was in time or late as its times say. */
function faultOfTimes(
  { startedAt, restoredAt, within, outcome, breachedAt = null }: RecordedRollback,
  failedAt: string,
): Fault | null {
  if (!isTime(startedAt)) return { clause: '§14', reason: 'the rollback lacks a time' };
  if (startedAt < failedAt)
    return { clause: '§14', reason: 'the rollback began before the stage that failed had ended' };
  if (breachedAt !== null && !(Date.parse(breachedAt) - Date.parse(startedAt) >= within)) {
    return { clause: '§13', reason: 'its bound is recorded as passed before it had passed' };
  }
  if (outcome === 'failed') {
    return restoredAt === null
      ? null
      : { clause: '§13', reason: 'the rollback failed, and yet has a time at which it was done' };
  }
  if (!isTime(restoredAt)) return { clause: '§14', reason: 'the rollback lacks a time' };
  const took = Date.parse(restoredAt) - Date.parse(startedAt);
  if (took < 0) return { clause: '§14', reason: 'the rollback ended before it began' };
  const isLate = took > within || breachedAt !== null;
  if (outcome === 'removed' || (outcome === 'late') === isLate) return null;
  return { clause: '§13', reason: `it took ${took} ms of ${within}, and is recorded as ${outcome}` };
}

function ownRelease({ artifact, deploymentId }: DeploymentRecord): LiveRelease | null {
  return artifact === null || deploymentId === null ? null : { ...artifact, deploymentId };
}

/** §2, §11, §13: from one known state of the runtime to another: what it showed before, and what it showed in the end. */
export function faultOfAfter({ sealed, chain, before, outcome }: Dossier): Fault | null {
  const { record, after, order } = sealed;
  const intake = provedIn(record, chain, 'change-intake');
  const left = expectedState(before);
  const found = intake && { generation: intake.generation, live: intake.from };
  if (found !== null && order.kind === 'deploy' && (left === null || !isSameState(left, found))) {
    return { clause: '§2', reason: 'change intake saw another state of the runtime than the record before had left' };
  }
  if (!isTime(sealed.sealedAt)) return { clause: '§14', reason: 'the record does not say when it was sealed' };
  const isDecided = outcome === sealed.digest || (outcome === 'restoration' && record.result !== 'completed');
  // A restoration that a person took over may never have begun: its deployer was away.
  const isRestored = record.rollback !== null && record.rollback.outcome !== 'failed';
  if (!isDecided || (isRestored && outcome !== 'restoration')) {
    return { clause: '§11', reason: 'what decided between completion and rollback was not this record' };
  }
  if (record.result === 'completed') {
    const observed = chain.completion?.predicate.findings?.observed;
    if (after !== null && observed && isSameState(after, observed)) return null;
    return { clause: '§11', reason: 'the record seals another state of the runtime than completion observed' };
  }
  if (record.rollback?.outcome === 'failed') {
    const made = found && { generation: found.generation + 1, live: ownRelease(record) };
    const isLeft = record.wayBack?.state === 'none' && after !== null && made !== null && isSameState(after, made);
    return after === null || isLeft
      ? null
      : { clause: '§13', reason: 'the rollback failed, and yet the record vouches for the runtime' };
  }
  if (record.rollback !== null) {
    const restored = found && { ...found, generation: found.generation + 2 };
    if (after !== null && restored !== null && isSameState(after, restored)) return null;
    return { clause: '§13', reason: 'the runtime did not show the version before when the record was sealed' };
  }
  // Nothing was changed; at most, its generation was burned so that a late activation is stale.
  const unchanged = [left, found, found && { ...found, generation: found.generation + 1 }];
  const isUnchanged = unchanged.some((state) => (state && after ? isSameState(state, after) : state === after));
  return isUnchanged
    ? null
    : { clause: '§2', reason: 'nothing was deployed, and yet the runtime is told to have changed' };
}
