import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { taskQueueOf } from '../src/contract/stages.ts';
import { formatDeploymentId, type Target } from '../src/contract/target.ts';
import { compiledFolder } from '../src/temporal/installation.ts';
import { connectWorker } from '../src/temporal/worker-connection.ts';
import { askAgainAndAgain } from './asking.ts';
import { deployer } from './no-op.ts';
import type { BenchPlatform } from './platform.ts';
import type { Stored } from './stored.ts';
import { timesOf } from './times.ts';
import { bareSteps, type Step } from './way.ts';

/** Milliseconds of an activity that does nothing: from one command of the workflow to the next. */
export interface RoundTrip {
  readonly took: number;
  readonly steps: readonly Step[];
}

/** The least that the way back can take: what is left when nothing is sealed, checked or decided. */
export interface Floor {
  readonly roundTrip: RoundTrip;
  /** From the call of the runtime, which looks at the warm instance once, to the first answer of the old version; ms. */
  readonly switched: number;
}

export interface BareFloor {
  roundTrip(good: Stored): Promise<RoundTrip>;
  /** From `good`, which goes live first unless it is, by way of `bad` back to it. */
  switched(good: Stored, bad: Stored): Promise<number>;
  close(): Promise<void>;
}

/** Activities of one bare workflow. */
const TRIPS = 20;
/** On the same runtime as the pipeline's own target, beside it. */
const TARGET: Target = { environment: 'floor', component: 'web' };
const WORKFLOWS = 'floor-workflows';

/** Serves the bare workflow: it and its activity on queues and workers of their own, as Slipway's are. */
export async function openFloor({ client, location, driver }: BenchPlatform): Promise<BareFloor> {
  const logger = new DefaultLogger('ERROR');
  Runtime.install({ logger });
  const connection = await connectWorker(location);
  const workflowsPath = join(compiledFolder(), 'bench', 'round-trips.js');
  const workflowBundle = await bundleWorkflowCode({ workflowsPath, logger });
  const { namespace } = location;
  const activities = taskQueueOf('deployer', TARGET.environment);
  const workers = [
    await Worker.create({ connection, namespace, taskQueue: WORKFLOWS, workflowBundle }),
    await Worker.create({ connection, namespace, taskQueue: activities, activities: deployer }),
  ];
  const serving = Promise.all(workers.map((worker) => worker.run()));
  let runs = 0;
  let generation = 0;

  async function activate({ release }: Stored): Promise<void> {
    generation += 1;
    const deploymentId = formatDeploymentId(TARGET, generation);
    await driver.activate({ target: TARGET, deploymentId, generation, release: { ...release, deploymentId } });
  }

  async function roundTrip(good: Stored): Promise<RoundTrip> {
    runs += 1;
    const to = { ...good.release, deploymentId: formatDeploymentId(TARGET, 1) };
    const restoration = { deploymentId: formatDeploymentId(TARGET, 2), generation: 2, to };
    const handle = await client.workflow.start('roundTrips', {
      workflowId: `round-trips:${runs}`,
      taskQueue: WORKFLOWS,
      args: [{ count: TRIPS, taskQueue: activities, restoration }],
    });
    await handle.result();
    const times = timesOf(await handle.fetchHistory());
    const from = times.find(({ type }) => type === 'ACTIVITY_TASK_SCHEDULED')?.at;
    const until = times.findLast(({ type }) => type === 'WORKFLOW_EXECUTION_COMPLETED')?.at;
    if (from === undefined || until === undefined) throw new Error(`${handle.workflowId} has not ended`);
    return { took: (until - from) / TRIPS, steps: bareSteps(times) };
  }

  async function switched(good: Stored, bad: Stored): Promise<number> {
    if (generation === 0) await activate(good);
    const to = { ...good.release, deploymentId: formatDeploymentId(TARGET, generation) };
    await activate(bad);
    const { address } = await driver.observe(TARGET);
    if (address === null) throw new Error('the floor has no address to ask');
    const asking = askAgainAndAgain(address);
    await asking.until(({ page }) => page?.text === bad.text);
    const from = Date.now();
    const deploymentId = formatDeploymentId(TARGET, generation);
    const [{ at }] = await Promise.all([
      asking.until(({ page }) => page?.text === good.text),
      driver.restore({ target: TARGET, deploymentId, generation, to }),
    ]);
    await asking.stop();
    generation += 1;
    await driver.retire({ target: TARGET, deploymentId });
    return at - from;
  }

  return {
    roundTrip,
    switched,
    async close() {
      for (const worker of workers) worker.shutdown();
      await serving;
      await connection.close();
    },
  };
}
