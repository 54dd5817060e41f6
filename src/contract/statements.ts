import type { Chain, Fault, Link } from './chain.ts';
import type { Findings, IntakeFindings } from './evidence.ts';
import { FAILURES } from './failure.ts';
import { isSameOrder } from './order.ts';
import { openRecord, type DeploymentRecord, type RecordedChange, type StageRecord } from './record.ts';
import type { ReleaseRef } from './release.ts';
import type { SealedRecord } from './sealed-record.ts';
import { STAGES, type Stage } from './stages.ts';
import { formatTarget } from './target.ts';

/** What a stage found, if the record says that it passed. */
export function provedIn<S extends Stage>(record: DeploymentRecord, chain: Chain, stage: S): Findings[S] | null {
  const hasPassed = record.stages.some((entry) => entry.stage === stage && entry.result === 'passed');
  return hasPassed ? ((chain[stage]?.predicate.findings as Findings[S] | null | undefined) ?? null) : null;
}

/** §4, §14: each stage's evidence is the sealed one, and the other way round. */
export function faultOfEvidence(record: DeploymentRecord, chain: Chain): Fault | null {
  for (const stage of STAGES) {
    const entry = record.stages.find((begun) => begun.stage === stage);
    const link = chain[stage] as Link<Stage> | undefined;
    const fault = entry === undefined ? faultOfUnlisted(stage, link) : faultOfEntry(entry, link, record);
    if (fault !== null) return fault;
  }
  return null;
}

function faultOfUnlisted(stage: Stage, link: Link<Stage> | undefined): Fault | null {
  if (link === undefined) return null;
  return { clause: '§4', reason: `${stage} sealed evidence, but the record does not list it` };
}

function faultOfEntry(
  { stage, result, evidence }: StageRecord,
  link: Link<Stage> | undefined,
  record: DeploymentRecord,
): Fault | null {
  const named = evidence ?? 'no evidence';
  if (result === 'passed' && link === undefined)
    return { clause: '§4', reason: `${stage} has no evidence in the store` };
  if (evidence !== (link?.digest ?? null) && !(evidence === null && mayNotKnow(stage, result, link, record))) {
    return { clause: '§14', reason: `the record names ${named} for ${stage}; sealed is ${link?.digest ?? 'none'}` };
  }
  if (link === undefined || mayNotKnow(stage, result, link, record)) return null;
  const { result: sealedAs, failure } = link.predicate;
  if (sealedAs !== result) {
    return { clause: '§4', reason: `${stage} is recorded as ${result ?? 'running'}, but sealed as ${sealedAs}` };
  }
  const code = record.failure?.code;
  const isTold = failure === null || failure.code === code || code === 'DEPLOYMENT_TERMINATED';
  if (sealedAs === 'passed' || isTold) return null;
  return { clause: '§14', reason: `${stage} failed with ${failure.code}, and is recorded with ${code ?? 'nothing'}` };
}

/**
 * A stage may have sealed evidence that its deployment went on without: an abort came first, our own errors outlasted
 * their bound before the answer arrived, or completion was proved and its record could not be sealed.
 */
function mayNotKnow(
  stage: Stage,
  result: StageRecord['result'],
  link: Link<Stage> | undefined,
  { failure }: DeploymentRecord,
): boolean {
  if (result === 'aborted') return true;
  if (result === 'passed' || link?.predicate.result !== 'passed') return false;
  return stage === 'completion' || (failure !== null && FAILURES[failure.code].fault === 'platform');
}

/** §14: what the record says is what was ordered, admitted and built. */
export function faultOfStatements({ record, order }: SealedRecord, chain: Chain): Fault | null {
  const intake = provedIn(record, chain, 'change-intake');
  return (
    faultOfOrder(record, order, intake) ??
    faultOfChange(record, intake?.change ?? openRecord(record.deploymentId, order).change) ??
    faultOfSource(record, intake?.source ?? openRecord(record.deploymentId, order).source) ??
    faultOfReleases(record, intake, provedIn(record, chain, 'build')?.release ?? null) ??
    faultOfWayBack(record, intake, chain)
  );
}

function faultOfOrder(
  record: DeploymentRecord,
  order: SealedRecord['order'],
  intake: IntakeFindings | null,
): Fault | null {
  const isOwn = order.requestId === record.requestId && formatTarget(order.target) === record.target;
  if (!isOwn)
    return {
      clause: '§14',
      reason: `the record is of request ${record.requestId}, and seals the order ${order.requestId}`,
    };
  if (intake === null || isSameOrder(intake.order, order)) return null;
  return {
    clause: '§5',
    reason: `change intake admitted another order (${intake.order.requestId}) than the record seals`,
  };
}

function faultOfChange({ change }: DeploymentRecord, known: RecordedChange): Fault | null {
  const textOf = ({ id, summary, reason, requestedBy, carries }: RecordedChange): string =>
    JSON.stringify([id, summary, reason, requestedBy, carries]);
  if (textOf(change) === textOf(known)) return null;
  return {
    clause: '§14',
    reason: `the record tells of the change ${change.id} otherwise than was ordered and admitted`,
  };
}

function faultOfSource({ source }: DeploymentRecord, known: DeploymentRecord['source']): Fault | null {
  if (source?.repository === known?.repository && source?.revision === known?.revision) return null;
  return { clause: '§14', reason: 'the record names another revision than was ordered and admitted' };
}

function faultOfReleases(
  record: DeploymentRecord,
  intake: IntakeFindings | null,
  built: ReleaseRef | null,
): Fault | null {
  if (!isSameRelease(record.from, intake?.from ?? null)) {
    return { clause: '§2', reason: 'the record names another version to start from than change intake saw' };
  }
  if (isSameRelease(record.artifact, built)) return null;
  return { clause: '§14', reason: 'the record names another artifact than was built' };
}

/** §13: what the record says of the way back is what was found before the runtime was touched. */
function faultOfWayBack(record: DeploymentRecord, intake: IntakeFindings | null, chain: Chain): Fault | null {
  const wayBack = record.wayBack ?? null;
  const declared = provedIn(record, chain, 'release')?.wayBack ?? null;
  const proved = provedIn(record, chain, 'deploy')?.wayBack ?? declared;
  if (JSON.stringify(wayBack) !== JSON.stringify(proved)) {
    return { clause: '§13', reason: 'the record tells of the way back otherwise than was found before Deploy' };
  }
  if (wayBack === null) return null;
  if (wayBack.state === 'none' && (intake?.change.irreversible ?? []).length === 0) {
    return { clause: '§13', reason: 'there was no way back, and no change declares that' };
  }
  const to = wayBack.state === 'none' ? null : (intake?.from ?? null);
  const isOwn = isSameRelease(wayBack.to, to) && (wayBack.state === 'first') === (intake?.from === null);
  return isOwn ? null : { clause: '§13', reason: 'the way back leads elsewhere than to what was live before' };
}

/** Whether both name the same version and bytes, or neither names any. */
export function isSameRelease(a: ReleaseRef | null, b: ReleaseRef | null): boolean {
  return a?.digest === b?.digest && a?.version === b?.version;
}
