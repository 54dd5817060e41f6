import type { ComponentStore } from '../artifacts/store.ts';
import type { SealInput } from '../contract/activities.ts';
import type { IntakeFindings } from '../contract/evidence.ts';
import { isSameOrder } from '../contract/order.ts';
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
  return after === null || isOwnState(deploymentId, intake, after) ? null : 'it cannot have left the runtime like that';
}

/** A deployment leaves what it started from, its own release, or nothing, and raises the generation by two at most. */
function isOwnState(
  deploymentId: string,
  intake: IntakeFindings | null,
  { generation, live }: NonNullable<SealInput['after']>,
): boolean {
  if (intake === null) return false;
  const raised = generation - intake.generation;
  const isKnown =
    live === null || live.deploymentId === deploymentId || live.deploymentId === intake.from?.deploymentId;
  return isKnown && raised >= 0 && raised <= 2;
}
