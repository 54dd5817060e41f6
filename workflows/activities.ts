import { ActivityCancellationType, proxyActivities, type ActivityOptions } from '@temporalio/workflow';
import type { BuilderActivities, DeployerActivities, OrchestratorActivities } from '../src/contract/activities.ts';
import { taskQueueOf, type Role } from '../src/contract/stages.ts';

/**
 * Errors of our own side are retried for about a minute and a half, then become the deployment's failure. A worker
 * that dies is noticed by its missing heartbeat. An abort waits until the activity has answered it (§2: nothing goes on
 * behind a deployment that has ended).
 */
const BOUNDED = {
  startToCloseTimeout: '6h',
  heartbeatTimeout: '5s',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '100ms', backoffCoefficient: 2, maximumInterval: '10s', maximumAttempts: 15 },
} satisfies ActivityOptions;

/** What has to be done in the end, however long it takes: restoring, recording, recovering. */
const UNBOUNDED: ActivityOptions = {
  ...BOUNDED,
  retry: { ...BOUNDED.retry, maximumAttempts: Number.POSITIVE_INFINITY },
};

/** What goes on for as long as an environment says; each attempt goes on where the one before was cut short. */
const ENDLESS: ActivityOptions = { ...UNBOUNDED, startToCloseTimeout: '3650d' };

/** Visibility may lag without a bound: completion waits for it, over many deaths of its worker (§11). */
const PATIENT: ActivityOptions = {
  ...BOUNDED,
  startToCloseTimeout: '3650d',
  retry: { ...BOUNDED.retry, maximumAttempts: 200 },
};

/** A receiver that is away is tried for three days, ever more slowly: after that it is for a person to look. */
const DELIVERED: ActivityOptions = {
  ...BOUNDED,
  startToCloseTimeout: '30s',
  scheduleToCloseTimeout: '3d',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '5m' },
};

/** The activities of one environment's deployments, each with its queue, its bounds and a line for the Temporal UI. */
export function activitiesFor(environment: string) {
  const orchestrator = proxied<OrchestratorActivities>('orchestrator', environment);
  const builder = proxied<BuilderActivities>('builder', environment);
  const deployer = proxied<DeployerActivities>('deployer', environment);
  return {
    admitChange: orchestrator('admitChange', BOUNDED, '1 Change intake (§5)'),
    buildArtifact: builder('buildArtifact', BOUNDED, '2 Build, twice (§6)'),
    verifyArtifact: builder('verifyArtifact', BOUNDED, '3 Verification (§7)'),
    markReleased: orchestrator('markReleased', BOUNDED, '4 Release (§8)'),
    activateRelease: deployer('activateRelease', BOUNDED, '5 Deploy (§9)'),
    observeRelease: deployer('observeRelease', BOUNDED, '6 Post-deploy verification (§10)'),
    complete: orchestrator('complete', PATIENT, '7 Completion (§11)'),
    restoreRelease: deployer('restoreRelease', UNBOUNDED, 'Rollback: restore the version before (§13)'),
    watchRelease: deployer('watchRelease', ENDLESS, 'Watch the live release after its completion (§12)'),
    sealRecord: orchestrator('sealRecord', UNBOUNDED, 'Seal the record (§14)'),
    recoverLane: orchestrator('recoverLane', UNBOUNDED, 'Read the target from store, runtime and Temporal'),
    awaitDeployment: orchestrator('awaitDeployment', UNBOUNDED, 'Wait for an adopted deployment'),
    settleDeployment: deployer('settleDeployment', UNBOUNDED, 'Settle a deployment that ended without a record'),
    sealAct: orchestrator('sealAct', UNBOUNDED, "Seal an act in the target's chain"),
    archiveDeployment: orchestrator('archiveDeployment', UNBOUNDED, 'Keep the history in the store'),
    retireRelease: deployer('retireRelease', UNBOUNDED, 'End the instance that was kept warm'),
  };
}

/** The delivery to one receiver, which the Temporal UI names. */
export function deliveryTo(receiver: string): OrchestratorActivities['deliver'] {
  return proxied<OrchestratorActivities>('orchestrator', '')('deliver', DELIVERED, `Deliver to ${receiver}`);
}

function proxied<A extends object>(role: Role, environment: string) {
  return <K extends keyof A & string>(activity: K, options: ActivityOptions, summary: string): A[K] => {
    const proxies = proxyActivities({ ...options, taskQueue: taskQueueOf(role, environment), summary });
    return proxies[activity] as A[K];
  };
}
