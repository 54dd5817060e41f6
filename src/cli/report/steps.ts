import type { DeploymentRecord, StageRecord } from '../../contract/record.ts';
import { failureLine } from './output.ts';
import { oneLine } from './paint.ts';
import { between, elapsed } from './time.ts';

/** What happened between two looks at a deployment, one line each: stages that began and ended, and the turn back. */
export function stepsBetween(before: DeploymentRecord | null, after: DeploymentRecord): readonly string[] {
  const steps: string[] = [];
  for (const [index, stage] of after.stages.entries()) {
    const known = before?.stages[index];
    if (known === undefined) steps.push(`${stage.stage} begins`);
    if ((known?.result ?? null) === null && stage.result !== null) steps.push(describeEnd(stage));
  }
  if (after.failure !== null && (before?.failure ?? null) === null) {
    steps.push(`${isOnTheWayBack(after) ? 'on the way back: ' : ''}${oneLine(failureLine(after.failure))}`);
  }
  if (after.result !== null && (before?.result ?? null) === null) steps.push(after.result);
  return steps.map((step) => `${after.deploymentId ?? after.target} ${step}`);
}

/** Whether something of the runtime may have to be undone: it has failed, Deploy had begun, and it has not ended. */
export function isOnTheWayBack({ failure, result, stages }: DeploymentRecord): boolean {
  return failure !== null && result === null && stages.some(({ stage }) => stage === 'deploy');
}

/** `build passed in 1.2 s` */
export function describeEnd({ stage, result, startedAt, finishedAt }: StageRecord): string {
  const took = finishedAt === null ? '' : ` in ${elapsed(between(startedAt, finishedAt))}`;
  return `${stage} ${result ?? 'runs'}${took}`;
}
