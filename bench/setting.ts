import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker, type WorkerOptions } from '@temporalio/worker';
import { taskQueueOf, type Role } from '../src/contract/stages.ts';
import { connect } from '../src/temporal/connection.ts';
import { devServer, untilServing } from '../src/temporal/dev-server.ts';
import { findServer } from '../src/temporal/find-server.ts';
import { compiledFolder } from '../src/temporal/installation.ts';
import type { TemporalLocation } from '../src/temporal/location.ts';
import { registerSearchAttributes } from '../src/temporal/search-attributes.ts';
import { connectWorker } from '../src/temporal/worker-connection.ts';
import { createSupervisor } from '../src/up/supervisor.ts';
import { builder, deployer, orchestrator } from './no-op.ts';

export const ENVIRONMENT = 'bench';

export interface Setting {
  readonly client: Client;
  readonly close: () => Promise<void>;
}

/** A development server as `slipway up` starts it (or the one that is named), and the three workers with no-op activities. */
export async function openSetting(env: NodeJS.ProcessEnv, report: (line: string) => void): Promise<Setting> {
  const server = await openServer(env, report);
  const { location } = server;
  const connection = await connect(location);
  await registerSearchAttributes(connection, location.namespace);
  const logger = new DefaultLogger('ERROR');
  Runtime.install({ logger });
  const workerConnection = await connectWorker(location);
  const workflowBundle = await bundleWorkflowCode({
    workflowsPath: join(compiledFolder(), 'bench', 'workflows.js'),
    logger,
  });
  const serve = (role: Role, options: Pick<WorkerOptions, 'workflowBundle' | 'activities'>): Promise<Worker> =>
    Worker.create({
      connection: workerConnection,
      namespace: location.namespace,
      taskQueue: taskQueueOf(role, ENVIRONMENT),
      ...options,
    });
  const workers = await Promise.all([
    serve('orchestrator', { workflowBundle, activities: orchestrator }),
    serve('builder', { activities: builder }),
    serve('deployer', { activities: deployer }),
  ]);
  const serving = Promise.all(workers.map((worker) => worker.run()));
  return {
    client: new Client({ connection, namespace: location.namespace }),
    close: async () => {
      for (const worker of workers) worker.shutdown();
      await serving;
      await workerConnection.close();
      await connection.close();
      await server.close();
    },
  };
}

interface Server {
  readonly location: TemporalLocation;
  readonly close: () => Promise<void>;
}

async function openServer(env: NodeJS.ProcessEnv, report: (line: string) => void): Promise<Server> {
  const found = await findServer({ env, report });
  report(found.line);
  if (found.kind === 'existing') return { location: found.location, close: async () => undefined };
  const state = await mkdtemp(join(tmpdir(), 'slipway-bench-'));
  const { location, command, args } = await devServer(found.path, state);
  const supervisor = createSupervisor({ logs: join(state, 'logs'), report });
  await supervisor.start({
    name: 'temporal',
    command,
    args,
    env,
    ready: (signal) => untilServing(location, signal),
    absence: 'TEMPORAL_UNAVAILABLE',
    stopWithin: 5_000,
  });
  return {
    location,
    close: async () => {
      await supervisor.close();
      await rm(state, { recursive: true, force: true });
    },
  };
}
