import type { DeployerActivities } from '../src/contract/activities.ts';
import { createDeploy, type DeployDeps } from './deploy.ts';
import { createPostDeployVerification } from './post-deploy-verification.ts';
import { createRollback } from './rollback.ts';
import { createSettlement } from './settlement.ts';
import { createWatch } from './watch.ts';

/** All activities of one environment's deployer. */
export function createDeployerActivities(deps: DeployDeps): DeployerActivities {
  return {
    ...createDeploy(deps),
    ...createPostDeployVerification(deps),
    ...createRollback(deps),
    ...createSettlement(deps),
    ...createWatch(deps),
  };
}
