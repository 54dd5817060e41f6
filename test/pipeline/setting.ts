import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { dirname, join } from 'node:path';
import { Client } from '@temporalio/client';
import { pino } from 'pino';
import { openStore } from '../../src/artifacts/open.ts';
import { openSlipway } from '../../src/client/index.ts';
import { loadPlatform, pathsOf } from '../../src/config/load.ts';
import type { LaneState, Submission } from '../../src/contract/lane.ts';
import type { DeploymentRecord } from '../../src/contract/record.ts';
import { FAILPOINT_FILE } from '../../src/failpoints.ts';
import { nameOf } from '../../src/records/names.ts';
import { readRecord } from '../../src/records/record.ts';
import { verifyDeployment } from '../../src/records/verify.ts';
import { createLocalObserver } from '../../src/runtime/local/client.ts';
import { connect } from '../../src/temporal/connection.ts';
import { openReader } from '../../src/signing/open.ts';
import { startPlatform } from '../../src/up/up.ts';
import { createShop } from './shop.ts';

export const TARGET = 'staging/web';
const PLATFORM = `apiVersion: slipway/v1
sources:
  - { name: shop, url: ./shop, branches: [main] }
build: { timeout: 20s }
environments:
  staging:
    soak: { for: 300ms, samples: 3 }
    rollbackWithin: 20s
`;

/**
 * A whole platform of its own: server, runtime, workers, as real processes, and a shop to deploy. Its processes die
 * where the file `drill` in its folder says (see `armFailpoint`).
 */
export async function openPlatform({
  platform = PLATFORM,
  variables = {},
  files = {},
}: {
  platform?: string;
  /** Of `slipway up`. */
  variables?: NodeJS.ProcessEnv;
  /** Beside the platform file: for this user alone. */
  files?: Readonly<Record<string, string>>;
} = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-'));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true, mode: 0o700 });
    await writeFile(join(folder, name), content, { mode: 0o600 });
  }
  const file = join(folder, 'platform.yaml');
  await writeFile(file, platform);
  const shop = createShop(join(folder, 'shop'));
  const loaded = await loadPlatform(file);
  const { TEMPORAL_ADDRESS: _, ...inherited } = process.env;
  const drill = join(folder, 'drill');
  const env = { ...inherited, ...variables, [FAILPOINT_FILE]: drill, SLIPWAY_KEYS: join(folder, 'keys') };
  const lines: string[] = [];
  const running = await startPlatform({
    loaded,
    env,
    logger: pino({ level: 'silent' }),
    report: (line) => lines.push(line),
  });
  const connection = await connect(running.location);
  const client = new Client({ connection, namespace: running.location.namespace });
  const slipway = await openSlipway(running.location);
  const paths = pathsOf(loaded);
  const artifacts = await openStore(loaded, { env, notary: openReader({ loaded, env }) });
  const observer = createLocalObserver({ folder: join(paths.state, 'runtime') });
  const target = { environment: 'staging', component: 'web' };

  return {
    folder,
    loaded,
    /** What its processes were started with; `SLIPWAY_KEYS` is where its keys are. */
    env,
    drill,
    shop,
    client,
    slipway,
    artifacts,
    observer,
    running,
    lines,
    paths,
    order: (version: { change: string; revision: string }, requestId?: string): Promise<Submission> =>
      slipway.deploy({
        ...version,
        target: TARGET,
        source: 'shop',
        by: 'ada',
        ...(requestId !== undefined && { requestId }),
      }),
    async deploy(version: { change: string; revision: string }, requestId?: string): Promise<DeploymentRecord> {
      return await slipway.follow(await this.order(version, requestId));
    },
    observe: () => observer.observe(target),
    /** What the checker says; nothing of what a platform seals is unsigned. */
    async verify(deploymentId: string) {
      const { signers, ...verdict } = await verifyDeployment(artifacts, deploymentId);
      const unsigned = signers.filter(({ key }) => key === null).map(({ document }) => document);
      return unsigned.length === 0 ? verdict : { ...verdict, unsigned };
    },
    /** The sealed record, or null while there is none. */
    recorded: async (deploymentId: string): Promise<DeploymentRecord | null> =>
      (await readRecord(artifacts.component('web'), deploymentId))?.record ?? null,
    /** The lane once it has taken note of its last deployment, the history kept and the warm instance ended. */
    async settled(): Promise<LaneState> {
      const lane = await until(async () => {
        const seen = await slipway.lane(TARGET);
        const id = `${TARGET}/${seen?.n}`;
        const kept = seen !== null && (await artifacts.component('web').resolve(nameOf.history(id))) !== null;
        return kept && seen.running === null && (await observer.observe(target)).warm === null ? seen : null;
      });
      return await until(async () => {
        const seen = (await slipway.lane(TARGET)) ?? lane;
        return seen.generation === (await observer.observe(target)).generation ? seen : null;
      });
    },
    /** Resets a workflow to its first task, as the Temporal UI does. */
    async resetToStart(workflowId: string): Promise<string> {
      const { runId } = await client.workflow.getHandle(workflowId).describe();
      const firstTask: object = { workflowTaskFinishEventId: 4 }; // protobufjs takes a plain number for its Long
      const answer = await client.workflowService.resetWorkflowExecution({
        namespace: running.location.namespace,
        workflowExecution: { workflowId, runId },
        reason: 'a hand',
        ...firstTask,
        requestId: randomUUID(),
      });
      return answer.runId;
    },
    /** What users see at the stable address. */
    async page(path = '/'): Promise<string> {
      const { address } = await observer.observe(target);
      return await (await fetch(`${address}${path}`)).text();
    },
    pid(name: string): number {
      const pid = running.pids().get(name);
      if (pid === undefined) throw new Error(`${name} does not run`);
      return pid;
    },
    async close(): Promise<void> {
      await slipway.close();
      await connection.close();
      await running.close();
      if (process.env['SLIPWAY_KEEP'] === undefined) await rm(folder, { recursive: true, force: true });
      else console.log('kept', folder);
    },
  };
}

/** Looks again and again until there is something to see. The test's own time-out bounds it. */
export async function until<T>(look: () => Promise<T | null | false>): Promise<T> {
  for (;;) {
    const seen = await look().catch(() => null);
    if (seen !== null && seen !== false) return seen;
    await delay(30);
  }
}

export type OpenPlatform = Awaited<ReturnType<typeof openPlatform>>;
