import {
  breachedEvent,
  degradedEvent,
  endedEvent,
  EVENT_KINDS,
  type EventKind,
  type NotifiedEvent,
} from '../../src/contract/event.ts';
import type { DeploymentRecord, RecordedRollback, Result } from '../../src/contract/record.ts';
import type { ReleaseRef } from '../../src/contract/release.ts';

export const ID = 'staging/hello/2';
export const TARGET = 'staging/hello';
export const AT = '2026-11-25T03:00:00.000Z';
export const FROM: ReleaseRef = { version: '20261124.0a1b2c3d4e5f.11223344', digest: `sha256:${'1'.repeat(64)}` };
export const RELEASE: ReleaseRef = { version: '20261125.4f0c1d2e3a4b.9e107d9d', digest: `sha256:${'2'.repeat(64)}` };

/** The record of a second deployment that completed, but for what is said otherwise. */
export function ended(otherwise: Partial<DeploymentRecord>): DeploymentRecord {
  return {
    deploymentId: ID,
    target: TARGET,
    requestId: 'two',
    change: { id: 'CHG-1042', summary: 'Delivery dates', reason: 'SHOP-881', requestedBy: 'ada', carries: [] },
    source: { repository: 'shop', revision: 'a'.repeat(40) },
    artifact: RELEASE,
    from: FROM,
    result: 'completed',
    failure: null,
    rollback: null,
    stages: [],
    previousRecord: null,
    ...otherwise,
  };
}

/** What makes it one that went back, or tried to. */
export function rolledBack(result: Result, outcome: RecordedRollback['outcome']): Partial<DeploymentRecord> {
  const to = outcome === 'removed' ? null : FROM;
  return {
    result,
    from: to,
    failure: { code: 'SMOKE_FAILED', clause: '§10', stage: 'post-deploy-verification', message: 'home page: 500' },
    rollback: { trigger: 'SMOKE_FAILED', to, startedAt: AT, restoredAt: AT, within: 30_000, outcome },
  };
}

/** An event of a kind, as it comes about. */
export function eventOf(kind: EventKind): NotifiedEvent {
  if (kind === 'degraded') {
    const reason = '3 % errors against 0.1 % before';
    return degradedEvent({ ...RELEASE, deploymentId: ID, target: TARGET, reason, at: AT, hasWayBack: true });
  }
  const event =
    kind === 'rollback-breached'
      ? breachedEvent({ record: ended({ ...rolledBack('rolled-back', 'late'), result: null, rollback: null }), at: AT })
      : endedEvent(ended(ENDS[kind]), AT);
  if (event === null) throw new Error(`nothing is told of ${kind}`);
  return event;
}

const FAILURE = { clause: null, stage: null, message: 'as the test has it' } as const;
const ENDS: Record<Exclude<EventKind, 'degraded' | 'rollback-breached'>, Partial<DeploymentRecord>> = {
  deployed: { from: null },
  upgraded: {},
  rolledback: rolledBack('rolled-back', 'restored'),
  removed: rolledBack('rolled-back', 'removed'),
  rejected: { result: 'rejected', artifact: null, failure: { ...FAILURE, code: 'SCOPE_EXCEEDED' } },
  failed: { result: 'failed', failure: { ...FAILURE, code: 'BUILD_FAILED' } },
  aborted: { result: 'aborted', failure: { ...FAILURE, code: 'ABORTED' } },
  'rollback-failed': rolledBack('rollback-failed', 'failed'),
};

export const EVERY_KIND = EVENT_KINDS.map((kind) => [kind, eventOf(kind)] as const);
