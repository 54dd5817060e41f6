import { join } from 'node:path';
import { createDeployerActivities } from '../activities/deployer.ts';
import { taskQueueOf } from '../src/contract/stages.ts';
import { createLocalDriver } from '../src/runtime/local/client.ts';
import { serve } from './serve.ts';

/** Deploy, post-deploy verification and rollback in one environment, with that environment's credentials and no other's. */
await serve('deployer', ({ loaded, paths, artifacts, logger, environment }) => ({
  taskQueue: taskQueueOf('deployer', environment),
  activities: createDeployerActivities({
    artifacts,
    driver: createLocalDriver({ folder: join(paths.state, 'runtime') }),
    environment,
    scratch: join(paths.state, `deployer-${environment}`),
    secrets: { env: process.env, folder: loaded.folder },
    logger: logger.child({ environment }),
  }),
}));
