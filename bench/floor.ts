import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { taskQueueOf } from '../src/contract/stages.ts';
import { formatDeploymentId, type Target } from '../src/contract/target.ts';
import { compiledFolder } from '../src/temporal/installation.ts';
import { connectWorker } from '../src/temporal/worker-connection.ts';
import { askAgainAndAgain } from './asking.ts';
import { deployer } from './no-op.ts';
import type { BenchPlatform } from './platform.ts';
import type { Pausing } from './round-trips.ts';
import type { Stored } from './stored.ts';
import { median } from './statistics.ts';
import { timesOf } from './times.ts';
import { medianSteps, tripsOf, type Step } from './way.ts';

/** Milliseconds of an activity that does nothing: from the end of the activity before it, which took its time, to its own. */
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

/** Activities of one bare workflow that are measured, and milliseconds that the one before each of them takes. */
const TRIPS = 10;
const PAUSE = 250;
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
  const taskQueue = taskQueueOf('deployer', TARGET.environment);
  const activities: Pausing & typeof deployer = { ...deployer, pause: (milliseconds) => delay(milliseconds) };
  const workers = [
    await Worker.create({ connection, namespace, taskQueue: WORKFLOWS, workflowBundle }),
    await Worker.create({ connection, namespace, taskQueue, activities: { ...activities } }),
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
      args: [{ count: TRIPS, pause: PAUSE, taskQueue, restoration }],
    });
    await handle.result();
    const times = timesOf(await handle.fetchHistory());
    const trips = tripsOf(times);
    if (trips.length !== TRIPS) throw new Error(`${handle.workflowId}: ${trips.length} of ${TRIPS} round trips`);
    return { took: median(trips.map(({ took }) => took)), steps: medianSteps(trips.flatMap(({ steps }) => steps)) };
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
