import type { DeploymentInput } from '../src/contract/messages.ts';
import type { DeploymentRecord } from '../src/contract/record.ts';
import { activitiesFor } from './activities.ts';
import { openRun } from './run.ts';

/**
 * Carries one change through the seven stages (§4), or back to the release before it (§13).
 * Each stage takes the evidence of the one before, by type: another order does not compile.
 * @returns the record of a completed deployment.
 * @throws ApplicationFailure of the failure's code, with the record in its details, for every other result.
 */
export async function deployment({ n, order }: DeploymentInput): Promise<DeploymentRecord> {
  const carryOut = activitiesFor(order.target.environment);
  const run = openRun(n, order, carryOut);
  const { deploymentId } = run;
  let record: DeploymentRecord;
  try {
    record = await run.abortable(async () => {
      const change = await run.stage('change-intake', () => carryOut.admitChange({ deploymentId, order }));
      const build = await run.stage('build', () => carryOut.buildArtifact({ deploymentId, consumes: change }));
      const verified = await run.stage('verification', () =>
        carryOut.verifyArtifact({ deploymentId, consumes: build }),
      );
      const release = await run.stage('release', () => carryOut.markReleased({ deploymentId, consumes: verified }));
      run.compensateWith(change, (restoration) => carryOut.restoreRelease(restoration));
      const live = await run.stage('deploy', () => carryOut.activateRelease({ deploymentId, consumes: release }));
      const healthy = await run.stage('post-deploy-verification', () =>
        carryOut.observeRelease({ deploymentId, consumes: live }),
      );
      return await run.complete((draft) => carryOut.complete({ deploymentId, consumes: healthy, draft }));
    });
  } catch (error) {
    record = await run.rollBack(error);
  }
  return await run.close(record);
}
