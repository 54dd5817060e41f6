import { ActivityCancellationType, proxyActivities, type ActivityOptions } from '@temporalio/workflow';
import type { BuilderActivities, DeployerActivities, OrchestratorActivities } from '../src/contract/activities.ts';
import type { Evidence } from '../src/contract/evidence.ts';
import type { DeploymentInput } from '../src/contract/messages.ts';
import { beginStage, openRecord, withEvidence, type DeploymentRecord } from '../src/contract/record.ts';
import type { Stage } from '../src/contract/stages.ts';
import { taskQueueOf } from '../src/contract/stages.ts';
import { formatDeploymentId } from '../src/contract/target.ts';

const OPTIONS: ActivityOptions = {
  startToCloseTimeout: '6h',
  heartbeatTimeout: '5s',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
};

/**
 * What anybody would write first: the same seven activities on the same task queues with the same payloads, one after
 * the other, and nothing else. No lane, no status, no search attributes, no abort, no way back.
 */
export async function bare({ n, order }: DeploymentInput): Promise<DeploymentRecord> {
  const { environment } = order.target;
  const orchestrator = proxyActivities<OrchestratorActivities>({
    ...OPTIONS,
    taskQueue: taskQueueOf('orchestrator', environment),
  });
  const builder = proxyActivities<BuilderActivities>({ ...OPTIONS, taskQueue: taskQueueOf('builder', environment) });
  const deployer = proxyActivities<DeployerActivities>({ ...OPTIONS, taskQueue: taskQueueOf('deployer', environment) });
  const deploymentId = formatDeploymentId(order.target, n);
  let draft = openRecord(deploymentId, order);

  const change = noted(await orchestrator.admitChange({ deploymentId, order }));
  const build = noted(await builder.buildArtifact({ deploymentId, consumes: change }));
  const verified = noted(await builder.verifyArtifact({ deploymentId, consumes: build }));
  const release = noted(await orchestrator.markReleased({ deploymentId, consumes: verified }));
  const live = noted(await deployer.activateRelease({ deploymentId, consumes: release }));
  const healthy = noted(await deployer.observeRelease({ deploymentId, consumes: live }));
  draft = beginStage(draft, 'completion', new Date().toISOString());
  return await orchestrator.complete({ deploymentId, consumes: healthy, draft });

  /** Keeps the draft that completion is given, so that its payload has the same size. */
  function noted<E extends Evidence<Stage>>(evidence: E): E {
    const now = new Date().toISOString();
    draft = withEvidence(beginStage(draft, evidence.stage, now), evidence, now);
    return evidence;
  }
}
