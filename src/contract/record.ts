import type { Digest } from './digest.ts';
import { isOf, type Evidence } from './evidence.ts';
import type { Clause, FailureCode } from './failure.ts';
import type { Order } from './order.ts';
import type { ReleaseRef } from './release.ts';
import type { Stage } from './stages.ts';
import { formatTarget } from './target.ts';
import type { RollbackTrigger } from './trigger.ts';
import type { DataSeen, WayBack } from './way-back.ts';

/** How a deployment ended. */
export const RESULTS = ['completed', 'rejected', 'failed', 'rolled-back', 'rollback-failed', 'aborted'] as const;

export type Result = (typeof RESULTS)[number];

/** Exit codes of the command line, by result. 1: no result is known; 2: bad usage or file. */
export const EXIT_OF_RESULT = {
  completed: 0,
  rejected: 3,
  failed: 4,
  'rolled-back': 5,
  'rollback-failed': 6,
  aborted: 7,
} as const satisfies Record<Result, number>;

/** What was deployed, when and why (§14). The same document is in the store, in the history and in the status query. */
export interface DeploymentRecord {
  /** Null for an order that ended while it was still queued. */
  readonly deploymentId: string | null;
  readonly target: string;
  readonly requestId: string;
  readonly change: RecordedChange;
  /** Null where no revision could be told (a rollback that was rejected). */
  readonly source: { readonly repository: string; readonly revision: string } | null;
  readonly artifact: ReleaseRef | null;
  readonly from: ReleaseRef | null;
  /** Known before the runtime is touched (§13); null before, and where it never came so far. Earlier versions lack it. */
  readonly wayBack?: WayBack | null;
  /** What the soak has shown, and what its verdict is worth (§10); null before, and where nothing was counted. Earlier versions lack it. */
  readonly soak?: SoakFigures | null;
  /** Null while it runs. */
  readonly result: Result | null;
  readonly failure: RecordedFailure | null;
  /** Only if the runtime had changed. */
  readonly rollback: RecordedRollback | null;
  /** Those that began, in order. */
  readonly stages: readonly StageRecord[];
  /** The record of this target's deployment before this one, so that a deleted one is missed. */
  readonly previousRecord: Digest | null;
}

export interface RecordedChange {
  readonly id: string;
  readonly summary: string | null;
  readonly reason: string | null;
  readonly requestedBy: string;
  /** Every change whose commits this deployment carries. */
  readonly carries: readonly string[];
}

export interface RecordedFailure {
  readonly code: FailureCode;
  readonly clause: Clause | null;
  readonly stage: Stage | null;
  readonly message: string;
}

export interface RecordedRollback {
  readonly trigger: RollbackTrigger;
  /** Null for a first deployment: `NO_KNOWN_HEALTHY_RELEASE`, there is nothing to return to. */
  readonly to: ReleaseRef | null;
  /** @format date-time */
  readonly startedAt: string;
  /** When the version before was seen healthy again; null if it never was. @format date-time */
  readonly restoredAt: string | null;
  /** The declared bound, milliseconds. */
  readonly within: number;
  /** When the bound passed before it was done; null when it did not. Earlier versions lack it. @format date-time */
  readonly breachedAt?: string | null;
  /** Null where nothing was restored. Earlier versions lack it. */
  readonly data?: DataSeen | null;
  /** `restoring` only while it runs, and only past its bound. */
  readonly outcome: 'restored' | 'late' | 'removed' | 'failed' | 'restoring';
}

/** Rates and chances are fractions. */
export interface SoakFigures {
  /** Answers that the errors were judged by, and how many were errors. */
  readonly answers: number;
  readonly errors: number;
  /** With 95 % confidence, the rate of errors is below this. */
  readonly errorRateBelow: number;
  /** At the floor of samples: how often the test of errors fails a good release, and finds a bad one. */
  readonly falseAlarm: number;
  readonly power: number;
}

export interface StageRecord {
  readonly stage: Stage;
  /** Null while it runs. */
  readonly result: 'passed' | 'failed' | 'aborted' | null;
  /** @format date-time */
  readonly startedAt: string;
  /** @format date-time */
  readonly finishedAt: string | null;
  /** The sealed evidence, passed or failed; null where the stage sealed none. */
  readonly evidence: Digest | null;
}

/** The record as it stands when a deployment begins, or when an order ends in the queue (null). */
export function openRecord(deploymentId: string | null, order: Order): DeploymentRecord {
  return {
    deploymentId,
    target: formatTarget(order.target),
    requestId: order.requestId,
    change: orderedChange(order),
    source: order.kind === 'deploy' ? { repository: order.source, revision: order.revision } : null,
    artifact: null,
    from: null,
    wayBack: null,
    soak: null,
    result: null,
    failure: null,
    rollback: null,
    stages: [],
    previousRecord: null,
  };
}

/** What is known of an order's change before intake has read its document. */
function orderedChange(order: Order): RecordedChange {
  const { by: requestedBy } = order;
  if (order.kind === 'deploy') return { id: order.change, summary: null, reason: null, requestedBy, carries: [] };
  return {
    id: `rollback:${order.version ?? 'previous'}`,
    summary: null,
    reason: order.reason,
    requestedBy,
    carries: [],
  };
}

export function beginStage(record: DeploymentRecord, stage: Stage, startedAt: string): DeploymentRecord {
  const begun: StageRecord = { stage, result: null, startedAt, finishedAt: null, evidence: null };
  return { ...record, stages: [...record.stages, begun] };
}

/** Ends the stage that began last. */
export function endStage(
  record: DeploymentRecord,
  result: NonNullable<StageRecord['result']>,
  finishedAt: string,
  evidence: Digest | null,
): DeploymentRecord {
  const begun = record.stages.at(-1);
  if (begun === undefined) return record;
  return { ...record, stages: [...record.stages.slice(0, -1), { ...begun, result, finishedAt, evidence }] };
}

/** Ends the stage that began last as passed, and takes over the facts that the record states. */
export function withEvidence(
  record: DeploymentRecord,
  evidence: Evidence<Stage>,
  finishedAt: string,
): DeploymentRecord {
  const ended = endStage(record, 'passed', finishedAt, evidence.digest);
  if (isOf('change-intake', evidence)) {
    const { changeId, summary, reason, carries, source, from } = evidence.facts;
    const change = { id: changeId, summary, reason, requestedBy: record.change.requestedBy, carries };
    return { ...ended, change, source, from: from && { version: from.version, digest: from.digest } };
  }
  if (isOf('build', evidence)) return { ...ended, artifact: evidence.facts };
  if (isOf('post-deploy-verification', evidence)) return { ...ended, soak: evidence.facts };
  const isOfWayBack = isOf('release', evidence) || isOf('deploy', evidence);
  if (isOfWayBack && evidence.facts !== null) return { ...ended, wayBack: evidence.facts };
  return ended;
}
