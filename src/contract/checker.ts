import { faultOfChain, type Fault } from './chain.ts';
import type { Dossier } from './dossier.ts';
import { faultOfAfter, faultOfResult, faultOfRollback } from './ending.ts';
import { isFailureCode } from './failure.ts';
import { faultOfHands, faultOfTarget } from './neighbours.ts';
import type { DeploymentRecord } from './record.ts';
import { STAGES, type Stage } from './stages.ts';
import { faultOfSigners } from './signers.ts';
import { faultOfEvidence, faultOfStatements } from './statements.ts';
import { isTime } from './time.ts';

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
    faultOfSigners(dossier) ??
    faultOfStages(record) ??
    faultOfEvidence(record, chain) ??
    faultOfChain(chain, deploymentId, lastPassed(record)) ??
    faultOfStatements(sealed, chain) ??
    faultOfResult(record) ??
    faultOfRollback(record, chain) ??
    dossier.verdictFault ??
    faultOfTarget(dossier) ??
    faultOfAfter(dossier) ??
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
  if (record.failure === null || isFailureCode(record.failure.code)) return null;
  return { clause: '§14', reason: `${String(record.failure.code)} is no failure of this contract` };
}

/** §4: the stages that began are the first ones, in order, one after the other, and all but the last passed. */
function faultOfStages({ stages }: DeploymentRecord): Fault | null {
  for (const [index, entry] of stages.entries()) {
    const expected = STAGES[index];
    if (entry.stage !== expected) {
      const belongs = expected ?? 'nothing';
      return { clause: '§4', reason: `${entry.stage} stands where ${belongs} belongs: skipped, reordered or merged` };
    }
    if (index < stages.length - 1 && entry.result !== 'passed') {
      return { clause: '§4', reason: `${entry.stage} ${entry.result ?? 'did not end'}, and yet a stage came after it` };
    }
    const before = stages[index - 1];
    if (before?.finishedAt && entry.startedAt < before.finishedAt) {
      return { clause: '§4', reason: `${entry.stage} began before ${before.stage} had ended` };
    }
    if (entry.finishedAt && entry.finishedAt < entry.startedAt) {
      return { clause: '§14', reason: `${entry.stage} ended before it began` };
    }
  }
  return null;
}

function lastPassed({ stages }: DeploymentRecord): Stage | null {
  return stages.findLast(({ result }) => result === 'passed')?.stage ?? null;
}
