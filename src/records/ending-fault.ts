import type { ComponentStore } from '../artifacts/store.ts';
import type { SealInput } from '../contract/activities.ts';
import type { IntakeFindings } from '../contract/evidence.ts';
import { isSameOrder } from '../contract/order.ts';
import type { DeploymentRecord } from '../contract/record.ts';
import { formatTarget } from '../contract/target.ts';
import { readEvidence } from './evidence.ts';

/**
 * What of a record that is to end a deployment is not as the deployment's own evidence has it; null when nothing is.
 * Whoever can reach Temporal can have an activity called with a record of his own: it is not signed for him (§15).
 */
export async function faultOfEnding(
  store: ComponentStore,
  deploymentId: string,
  { record, order, after }: SealInput,
): Promise<string | null> {
  if (record.requestId !== order.requestId || record.target !== formatTarget(order.target)) {
    return 'it is of another order than it says';
  }
  const intake = (await readEvidence(store, deploymentId, 'change-intake'))?.predicate.findings ?? null;
  if (intake !== null && !isSameOrder(intake.order, order))
    return 'its change intake was carried out for another order';
  for (const { stage, result, evidence } of record.stages) {
    const sealed = await readEvidence(store, deploymentId, stage);
    if (evidence !== null && sealed?.digest !== evidence)
      return `nobody sealed the evidence that it names for ${stage}`;
    if (result === 'passed' && (evidence === null || sealed?.predicate.result !== 'passed'))
      return `${stage} did not pass`;
  }
  return after === null || isOwnState(record, intake, after) ? null : 'it cannot have left the runtime like that';
}

/**
 * Whether a deployment can have left the runtime in a state: with what it started from, unless it was taken out of service
 * or is left live as its record says. It raises the generation by two at most.
 */
function isOwnState(
  { deploymentId, rollback }: DeploymentRecord,
  intake: IntakeFindings | null,
  { generation, live }: NonNullable<SealInput['after']>,
): boolean {
  if (intake === null) return false;
  const raised = generation - intake.generation;
  if (raised < 0 || raised > 2) return false;
  const shown = live?.deploymentId ?? null;
  if (shown === (intake.from?.deploymentId ?? null)) return live?.digest === intake.from?.digest;
  return rollback?.outcome === 'failed' && shown === deploymentId;
}
