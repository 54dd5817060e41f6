import { join } from 'node:path';
import { createBuilderActivities } from '../activities/builder.ts';
import { taskQueueOf } from '../src/contract/stages.ts';
import { pullBase } from '../src/bases/pull.ts';
import { networkIn } from '../src/build/dependencies/network.ts';
import { createSourceOpener } from '../src/source/open.ts';
import { serve } from './serve.ts';

/** Build and verification: a component's code, sandboxed, without credentials; few at a time. */
await serve('builder', ({ loaded, paths, artifacts, logger }) => ({
  taskQueue: taskQueueOf('builder', ''),
  maxConcurrentActivityTaskExecutions: 2,
  activities: createBuilderActivities({
    artifacts,
    folder: loaded.folder,
    openSource: createSourceOpener(join(paths.sources, 'builder')),
    pullBase: (store, reference) => pullBase(store, reference, { folder: loaded.folder }),
    scratch: join(paths.state, 'builder'),
    network: networkIn(process.env),
    logger,
  }),
}));
