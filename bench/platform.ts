import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from '@temporalio/client';
import { pino } from 'pino';
import { openStore } from '../src/artifacts/open.ts';
import type { ComponentStore } from '../src/artifacts/store.ts';
import { removeUnpacked } from '../src/artifacts/unpack.ts';
import { createSlipway } from '../src/client/slipway.ts';
import { loadPlatform, pathsOf } from '../src/config/load.ts';
import type { Submission } from '../src/contract/lane.ts';
import type { DeploymentRecord } from '../src/contract/record.ts';
import { formatTarget, type Target } from '../src/contract/target.ts';
import type { RuntimeDriver } from '../src/runtime/driver.ts';
import { createLocalDriver } from '../src/runtime/local/client.ts';
import { connect } from '../src/temporal/connection.ts';
import type { TemporalLocation } from '../src/temporal/location.ts';
import { openReader } from '../src/signing/open.ts';
import { startPlatform } from '../src/up/up.ts';
import type { Stored } from './stored.ts';
import { createShop, type Revision, type Shop } from './shop.ts';

export const TARGET: Target = { environment: 'bench', component: 'web' };

const PLATFORM = `apiVersion: slipway/v1
sources:
  - { name: shop, url: ./shop, branches: [main] }
runtimes:
  local: { drainWithin: 200ms }
environments:
  ${TARGET.environment}:
    soak: { for: 5s, samples: 3 }
    rollbackWithin: 20s
    afterRollback: continue
`;

/** A whole platform, as `slipway up` starts it, with a component to deploy. */
export interface BenchPlatform {
  readonly shop: Shop;
  readonly client: Client;
  readonly location: TemporalLocation;
  readonly driver: RuntimeDriver;
  readonly store: ComponentStore;
  /** The folder that holds the store. */
  readonly storeFolder: string;
  order(revision: Revision): Promise<Submission>;
  /** Waits for the end of a deployment, and until its lane has done all that it does after that. */
  follow(submission: Submission): Promise<DeploymentRecord>;
  /** Deploys a version that is to complete, and stays live from then on. */
  deployGood(text: string): Promise<Stored>;
  /** Of the target. */
  address(): Promise<string>;
  close(): Promise<void>;
}

/** In a folder that is taken away afterwards, and on a server of its own, whatever is named in `env`. */
export async function openBenchPlatform(
  env: NodeJS.ProcessEnv,
  report: (line: string) => void,
): Promise<BenchPlatform> {
  const { TEMPORAL_ADDRESS: _, ...inherited } = env;
  const folder = await mkdtemp(join(tmpdir(), 'slipway-bench-'));
  const own = { ...inherited, SLIPWAY_KEYS: join(folder, 'keys') };
  const file = join(folder, 'platform.yaml');
  await writeFile(file, PLATFORM);
  const shop = await createShop(join(folder, 'shop'));
  const loaded = await loadPlatform(file);
  const paths = pathsOf(loaded);
  const running = await startPlatform({ loaded, env: own, logger: pino({ level: 'silent' }), report });
  const connection = await connect(running.location);
  const client = new Client({ connection, namespace: running.location.namespace });
  const slipway = createSlipway(client);
  const artifacts = await openStore(loaded, { env: own, notary: openReader({ loaded, env: own }) });
  const driver = createLocalDriver({ folder: join(paths.state, 'runtime') });

  const order = (revision: Revision): Promise<Submission> =>
    slipway.deploy({ ...revision, target: formatTarget(TARGET), source: 'shop', by: 'ada' });

  async function follow(submission: Submission): Promise<DeploymentRecord> {
    const record = await slipway.follow(submission);
    const isDone = async () =>
      (await slipway.lane(formatTarget(TARGET)))?.running === null && (await driver.observe(TARGET)).warm === null;
    while (!(await isDone())) await delay(50);
    return record;
  }

  return {
    shop,
    client,
    location: running.location,
    driver,
    store: artifacts.component(TARGET.component),
    storeFolder: paths.store,
    order,
    follow,
    async deployGood(text) {
      const record = await follow(await order(await shop.version({ text, passes: true })));
      const { artifact, result, failure } = record;
      if (artifact !== null && result === 'completed') return { text, release: artifact };
      throw new Error(`"${text}" did not complete: ${failure?.message ?? result}`);
    },
    async address() {
      const { address } = await driver.observe(TARGET);
      if (address === null) throw new Error('nothing is live, expected a version to ask');
      return address;
    },
    async close() {
      await running.close();
      await connection.close();
      await removeUnpacked(folder);
    },
  };
}
