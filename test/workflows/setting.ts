import { Client } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { DefaultLogger, makeTelemetryFilterString, Runtime, Worker, type WorkerOptions } from '@temporalio/worker';
import { createSlipway } from '../../src/client/slipway.ts';
import { taskQueueOf, type Role } from '../../src/contract/stages.ts';
import { workflowBundlePath } from '../../src/temporal/bundle.ts';
import { connect } from '../../src/temporal/connection.ts';
import { createExecutions } from '../../src/temporal/executions.ts';
import { registerSearchAttributes } from '../../src/temporal/search-attributes.ts';
import { connectWorker } from '../../src/temporal/worker-connection.ts';
import { startServer } from '../temporal/server.ts';
import { createFakePlatform } from './fake-platform.ts';
import { openTarget, type TestTarget } from './test-target.ts';

const ENVIRONMENT = 'staging';
/** Instead of this machine's name, which committed histories would carry. */
const IDENTITY = 'slipway-test';
/** In memory, since nothing here outlives its server; and its timers, which may be a second late, are on time. */
const SERVER_FLAGS = ['--db-filename', '', '--dynamic-config-value', 'history.timerProcessorMaxTimeShift="10ms"'];
const workflowBundle = { codePath: workflowBundlePath() };

export type Setting = Awaited<ReturnType<typeof openSetting>>;

/**
 * A real server with the real workflows, whose activities are a fake platform's.
 * @param serverFlags more of the server's command line.
 */
export async function openSetting({ serverFlags = [] }: { serverFlags?: readonly string[] } = {}) {
  const running = await startServer([...SERVER_FLAGS, ...serverFlags]);
  const { location } = running.server;
  const connection = await connect(location);
  await registerSearchAttributes(connection, location.namespace);
  const client = new Client({ connection, identity: IDENTITY });
  const slipway = createSlipway(client);
  const platform = createFakePlatform(createExecutions(client));

  installQuietRuntime();
  const workerConnection = await connectWorker(location, 5_000);
  const workers = await Promise.all([
    serve('orchestrator', { workflowBundle, activities: platform.orchestrator }),
    serve('builder', { activities: platform.builder }),
    serve('deployer', { activities: platform.deployer }),
  ]);
  const serving = Promise.all(workers.map((worker) => worker.run()));
  let targets = 0;

  function serve(role: Role, options: Pick<WorkerOptions, 'workflowBundle' | 'activities'>): Promise<Worker> {
    return Worker.create({
      connection: workerConnection,
      identity: IDENTITY,
      taskQueue: taskQueueOf(role, ENVIRONMENT),
      maxHeartbeatThrottleInterval: 50,
      defaultHeartbeatThrottleInterval: 50,
      ...options,
    });
  }

  return {
    client,
    slipway,

    /** A target that nobody has deployed to yet. */
    newTarget(): TestTarget {
      targets += 1;
      const target = { environment: ENVIRONMENT, component: `web-${targets}` };
      return openTarget(target, { client, slipway, platform });
    },

    /** Stops all, once every history that came about here has been replayed against the same code. */
    async close(): Promise<void> {
      await replayAll(client);
      for (const worker of workers) worker.shutdown();
      await serving;
      await workerConnection.close();
      await connection.close();
      await running.close();
    },
  };
}

async function replayAll(client: Client): Promise<void> {
  const replays = Worker.runReplayHistories({ workflowBundle, replayName: 'replay' }, historiesOf(client));
  for await (const { workflowId, error } of replays) {
    if (error) throw new Error(`the history of ${workflowId} does not replay`, { cause: error });
  }
}

async function* historiesOf(client: Client) {
  for await (const { workflowId, runId } of client.workflow.list()) {
    const history = historyToJSON(await client.workflow.getHandle(workflowId, runId).fetchHistory());
    yield { workflowId, history: JSON.parse(history) as unknown };
  }
}

function installQuietRuntime(): void {
  const filter = makeTelemetryFilterString({ core: 'ERROR' });
  Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging: { filter, forward: {} } } });
}
