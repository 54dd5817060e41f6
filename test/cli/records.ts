import type { ArtifactStore } from '../../src/artifacts/store.ts';
import type { DeployOrder } from '../../src/contract/order.ts';
import { beginStage, endStage, openRecord, type DeploymentRecord, type Result } from '../../src/contract/record.ts';
import type { LaneState } from '../../src/contract/lane.ts';
import { emptyLane } from '../../src/contract/lane.ts';
import { formatDeploymentId } from '../../src/contract/target.ts';
import { sealEvidence } from '../../src/records/evidence.ts';
import { previousRecordOf, sealRecord } from '../../src/records/record.ts';

export const TARGET = { environment: 'staging', component: 'storefront' };
export const REVISION = '4f0c1d2e3a4b5c6d7e8f90123456789012345678';

export function orderOf(requestId: string): DeployOrder {
  return { kind: 'deploy', requestId, target: TARGET, by: 'ada', change: 'CHG-1', source: 'shop', revision: REVISION };
}

/** A record that ended with `result` in change intake; enough for what shows it. */
export function recordThat(result: Result | null, n = 1): DeploymentRecord {
  const begun = beginStage(openRecord(formatDeploymentId(TARGET, n), orderOf(`r${n}`)), 'change-intake', time(0));
  if (result === null) return begun;
  const passed = result === 'completed';
  const ended = endStage(begun, passed ? 'passed' : 'failed', time(1_234), null);
  const failure = { code: 'UNDOCUMENTED_CHANGE', clause: '§5', stage: 'change-intake', message: 'no change' } as const;
  return { ...ended, result, failure: passed ? null : failure };
}

/** Seals a rejected deployment as the pipeline does: VALID, and the least there can be. */
export async function sealRejected(artifacts: ArtifactStore, n: number): Promise<DeploymentRecord> {
  const store = artifacts.component(TARGET.component);
  const draft = recordThat('rejected', n);
  const { code, clause, message } = draft.failure ?? {};
  const deploymentId = draft.deploymentId ?? '';
  const evidence = await sealEvidence(
    store,
    {
      stage: 'change-intake',
      deploymentId,
      target: draft.target,
      previous: null,
      result: 'failed',
      failure: { code: code ?? 'INTERNAL', clause: clause ?? null, message: message ?? '' },
      startedAt: time(0),
      finishedAt: time(1),
      findings: null,
    },
    null,
  );
  const stages = draft.stages.map((stage) => ({ ...stage, evidence: evidence.digest }));
  const record = { ...draft, stages, previousRecord: await previousRecordOf(store, deploymentId) };
  const after = { generation: 0, live: null };
  return (await sealRecord(store, { record, order: orderOf(draft.requestId), after, sealedAt: time(2) })).record;
}

export function laneWith(more: Partial<LaneState> = {}): LaneState {
  return { ...emptyLane(TARGET), ...more };
}

function time(milliseconds: number): string {
  return new Date(Date.UTC(2026, 10, 23, 9, 5, 7) + milliseconds).toISOString();
}
