import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { createOrchestratorActivities } from '../activities/orchestrator.ts';
import { loadPlatform } from '../src/config/load.ts';
import { taskQueueOf } from '../src/contract/stages.ts';
import { createLocalObserver } from '../src/runtime/local/client.ts';
import { createSourceOpener } from '../src/source/open.ts';
import { workflowBundlePath } from '../src/temporal/bundle.ts';
import { connect } from '../src/temporal/connection.ts';
import { createExecutions } from '../src/temporal/executions.ts';
import { serve } from './serve.ts';

/** Change intake, release, completion, and the workflows themselves. Runs no code of a component. */
await serve('orchestrator', async ({ loaded, paths, artifacts, location, logger }) => {
  const client = new Client({ connection: await connect(location, 30_000), namespace: location.namespace });
  return {
    taskQueue: taskQueueOf('orchestrator', ''),
    workflowBundle: { codePath: workflowBundlePath() },
    maxCachedWorkflows: 500,
    activities: createOrchestratorActivities({
      artifacts,
      observer: createLocalObserver({ folder: join(paths.state, 'runtime') }),
      executions: createExecutions(client),
      loadPlatform: () => loadPlatform(loaded.file),
      openSource: createSourceOpener(join(paths.sources, 'orchestrator')),
      env: process.env,
      logger,
    }),
  };
});
