import { faultOfChain, isTime, type Chain, type Fault, type Link } from './chain.ts';
import type { Digest } from './digest.ts';
import { FAILURES } from './failure.ts';
import type { DeploymentRecord, StageRecord } from './record.ts';
import type { SealedRecord } from './sealed-record.ts';
import { STAGES, type Stage } from './stages.ts';

/** All that the store holds about one deployment, and its neighbours in the target's chain. */
export interface Dossier {
  readonly deploymentId: string;
  readonly n: number;
  readonly sealed: SealedRecord;
  /** The sealed evidence, by stage, passed or failed. */
  readonly chain: Chain;
  /** Digest of the record before; null when there is none in the store. */
  readonly before: Digest | null;
  /** Numbers of the target's deployments that have a record, rising. */
  readonly recorded: readonly number[];
  /** The records after this one, for as long as this deployment's release stayed live. */
  readonly whileLive: readonly SealedRecord[];
  /** What is wrong with the artifact's stored bytes; null when they are whole. */
  readonly artifactFault: string | null;
  /** What is wrong with the target's acts up to the one that change intake saw; null when they are whole. */
  readonly actsFault: string | null;
}

/**
 * Whether a finished deployment kept the contract: null, or the first clause that it broke, and how. A rejected or
 * rolled-back deployment can keep it; a skipped stage, other bytes, a missing time or record, or a hand seen in the
 * runtime cannot. Pure: it reads a dossier, and trusts nothing else.
 */
export function faultOf(dossier: Dossier): Fault | null {
  const { sealed, chain, deploymentId } = dossier;
  const { record } = sealed;
  return (
    faultOfForm(record, deploymentId) ??
    faultOfStages(record) ??
    faultOfEvidence(record, chain) ??
    faultOfChain(chain, deploymentId, lastPassed(record)) ??
    faultOfStatements(record, chain) ??
    faultOfResult(record) ??
    faultOfRollback(sealed, chain) ??
    faultOfTarget(dossier) ??
    faultOfHands(dossier)
  );
}

/** §14: change, version, target, result and times are recorded. */
function faultOfForm(record: DeploymentRecord, deploymentId: string): Fault | null {
  if (record.deploymentId !== deploymentId) {
    return { clause: '§14', reason: `the record is of ${record.deploymentId ?? 'an order that never began'}` };
  }
  if (record.change.id === '' || record.target !== deploymentId.replace(/\/\d+$/, '')) {
    return { clause: '§14', reason: 'the record names no change, or another target' };
  }
  if (record.result === null) return { clause: '§14', reason: 'the record states no result' };
  if (record.stages.length === 0) return { clause: '§4', reason: 'the record lists no stage' };
  for (const { stage, startedAt, finishedAt } of record.stages) {
    if (!isTime(startedAt) || !isTime(finishedAt)) return { clause: '§14', reason: `${stage} lacks a time` };
  }
  return null;
}

/** §4: the stages that began are the first ones, in order, one after the other, and all but the last passed. */
function faultOfStages({ stages }: DeploymentRecord): Fault | null {
  for (const [index, entry] of stages.entries()) {
    const expected = STAGES[index];
    if (entry.stage !== expected) {
      return { clause: '§4', reason: `${entry.stage} stands where ${expected ?? 'nothing'} belongs: skipped, reordered or merged` };
    }
    if (index < stages.length - 1 && entry.result !== 'passed') {
      return { clause: '§4', reason: `${entry.stage} ${entry.result ?? 'did not end'}, and yet a stage came after it` };
    }
    const before = stages[index - 1];
    if (before?.finishedAt && Date.parse(entry.startedAt) < Date.parse(before.finishedAt)) {
      return { clause: '§4', reason: `${entry.stage} began before ${before.stage} had ended` };
    }
    if (entry.finishedAt && Date.parse(entry.finishedAt) < Date.parse(entry.startedAt)) {
      return { clause: '§14', reason: `${entry.stage} ended before it began` };
    }
  }
  return null;
}

/** §4, §14: each stage's evidence is the sealed one, and the other way round. */
function faultOfEvidence({ stages }: DeploymentRecord, chain: Chain): Fault | null {
  for (const stage of STAGES) {
    const entry = stages.find((begun) => begun.stage === stage);
    const link = chain[stage] as Link<Stage> | undefined;
    const fault = faultOfEntry(stage, entry, link);
    if (fault !== null) return fault;
  }
  return null;
}

function faultOfEntry(stage: Stage, entry: StageRecord | undefined, link: Link<Stage> | undefined): Fault | null {
  if (entry === undefined) {
    return link === undefined ? null : { clause: '§4', reason: `${stage} sealed evidence, but the record does not list it` };
  }
  if (entry.result === 'passed' && link === undefined) return { clause: '§4', reason: `${stage} has no evidence in the store` };
  // An abort may stop a stage after it sealed: its evidence stands, and the record need not know of it.
  if (entry.result === 'aborted') return null;
  if (entry.evidence !== (link?.digest ?? null)) {
    return { clause: '§14', reason: `the record names ${entry.evidence ?? 'no evidence'} for ${stage}; sealed is ${link?.digest ?? 'none'}` };
  }
  const sealedAs = link?.predicate.result;
  if (sealedAs !== undefined && sealedAs !== entry.result && !(entry.result === 'failed' && stage === 'completion')) {
    return { clause: '§4', reason: `${stage} is recorded as ${entry.result ?? 'running'}, but sealed as ${sealedAs}` };
  }
  return null;
}

/** §14: what the record says is what the evidence says. */
function faultOfStatements(record: DeploymentRecord, chain: Chain): Fault | null {
  const intake = chain['change-intake']?.predicate.findings;
  const release = chain.build?.predicate.findings?.release;
  if (intake) {
    if (record.change.id !== intake.change.id || record.source?.revision !== intake.source.revision) {
      return { clause: '§14', reason: 'the record names another change or revision than change intake admitted' };
    }
    if ((record.from?.digest ?? null) !== (intake.from?.digest ?? null)) {
      return { clause: '§2', reason: 'the record names another version to start from than change intake saw' };
    }
  }
  const passedBuild = record.stages.some(({ stage, result }) => stage === 'build' && result === 'passed');
  if (passedBuild && (record.artifact?.digest !== release?.digest || record.artifact?.version !== release?.version)) {
    return { clause: '§14', reason: 'the record names another artifact than was built' };
  }
  return null;
}

/** §11: completed means all seven stages passed; every other result says what went wrong, and where. */
function faultOfResult({ result, stages, failure, rollback }: DeploymentRecord): Fault | null {
  const passed = stages.filter((entry) => entry.result === 'passed').length;
  const deployed = stages.some(({ stage }) => stage === 'deploy');
  const is = (holds: boolean, reason: string): Fault | null => (holds ? null : { clause: '§11', reason: `${result}: ${reason}` });
  switch (result) {
    case 'completed':
      return is(passed === STAGES.length && failure === null && rollback === null, 'not all seven stages passed');
    case 'rejected':
      return is(stages.length === 1 && passed === 0 && rollback === null && failure !== null, 'only change intake rejects');
    case 'failed':
      return is(passed < STAGES.length && rollback === null && failure !== null, 'a changed runtime has to be restored');
    case 'rolled-back':
      return is(deployed && rollback !== null && rollback.outcome !== 'failed' && failure !== null, 'nothing was restored');
    case 'rollback-failed':
      return is(deployed && rollback?.outcome === 'failed' && failure !== null, 'the record does not say what failed');
    case 'aborted':
      return is(failure?.code === 'ABORTED' && rollback?.outcome !== 'failed', 'nobody is named who aborted it');
    case null:
      return is(false, 'it has not ended');
  }
}

/** §13: back to the release that it started from, within a bound that is stated, for a reason that is known. */
function faultOfRollback({ record, after }: SealedRecord, chain: Chain): Fault | null {
  const { rollback, failure } = record;
  if (failure !== null && !Object.hasOwn(FAILURES, failure.code)) {
    return { clause: '§14', reason: `${failure.code} is no failure of this contract` };
  }
  if (rollback === null) return null;
  const from = chain['change-intake']?.predicate.findings?.from ?? null;
  if ((rollback.to?.digest ?? null) !== (from?.digest ?? null)) {
    return { clause: '§13', reason: 'it was not rolled back to the release that it started from' };
  }
  if (rollback.outcome === 'failed') return null;
  if ((rollback.outcome === 'removed') !== (from === null)) {
    return { clause: '§13', reason: `outcome ${rollback.outcome}, although it started from ${from?.version ?? 'nothing'}` };
  }
  if (!isTime(rollback.startedAt) || !isTime(rollback.restoredAt)) return { clause: '§14', reason: 'the rollback lacks a time' };
  const took = Date.parse(rollback.restoredAt ?? '') - Date.parse(rollback.startedAt);
  if (rollback.outcome !== 'removed' && (rollback.outcome === 'late') !== took > rollback.within) {
    return { clause: '§13', reason: `it took ${took} ms of ${rollback.within}, and is recorded as ${rollback.outcome}` };
  }
  if ((after?.live?.digest ?? null) !== (from?.digest ?? null)) {
    return { clause: '§13', reason: 'the runtime did not show the version before when the record was sealed' };
  }
  return null;
}

/** §14: no record of the target is missing, and this one names the one before it; its artifact is whole (§6). */
function faultOfTarget({ n, before, recorded, sealed, artifactFault, actsFault }: Dossier): Fault | null {
  const missing = recorded.findIndex((number, index) => number !== index + 1);
  if (missing >= 0 && missing + 1 <= n) return { clause: '§14', reason: `the record of deployment ${missing + 1} is missing` };
  if (sealed.record.previousRecord !== before) {
    return { clause: '§14', reason: `it names ${sealed.record.previousRecord ?? 'no record'} as the one before; in the store is ${before ?? 'none'}` };
  }
  if (actsFault !== null) return { clause: '§14', reason: actsFault };
  return artifactFault === null ? null : { clause: '§6', reason: artifactFault };
}

/** §15: while a release is live, nobody but the pipeline changes the runtime. */
function faultOfHands({ sealed, whileLive, deploymentId }: Dossier): Fault | null {
  if (sealed.after?.live?.deploymentId !== deploymentId) return null;
  for (const { record } of whileLive) {
    if (record.failure?.code !== 'UNKNOWN_RUNTIME_STATE') continue;
    const reason = `while it was live, a hand changed the runtime: ${record.deploymentId} was refused for that`;
    return { clause: '§15', reason };
  }
  return null;
}

function lastPassed({ stages }: DeploymentRecord): Stage | null {
  return stages.findLast(({ result }) => result === 'passed')?.stage ?? null;
}
