import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { assembleImage, removeUnpacked } from '../../src/artifacts/image.ts';
import { createLayoutStore } from '../../src/artifacts/layout.ts';
import { codeOf } from '../../src/contract/failure.ts';
import type { LiveRelease } from '../../src/contract/release.ts';
import { formatTarget, type Target } from '../../src/contract/target.ts';
import { FAILPOINTS, type Failpoint } from '../../src/failpoints.ts';
import { createLocalDriver } from '../../src/runtime/local/client.ts';
import { processesMarked, signal } from '../../src/process.ts';
import { tagOf } from '../../src/runtime/local/sockets.ts';
import { openState, type Act } from '../../src/runtime/local/state.ts';
import { AGENT, agentManifest, get, robot, SERVER, serverManifest, until } from './world.ts';

const MAIN = join(import.meta.dirname, '../../dist/src/runtime/local/main.js');
const TRACED = join(import.meta.dirname, 'fixtures/traced.mjs');

/** Releases in a real store, as many as are asked for; for any number of runtimes. */
export interface Releases {
  readonly store: string;
  /** The n-th release of a target. */
  build(target: Target, n: number): Promise<LiveRelease>;
  remove(): Promise<void>;
}

export async function openReleases(): Promise<Releases> {
  const root = await mkdtemp(join(tmpdir(), 'slipway-releases-'));
  const store = join(root, 'store');
  return {
    store,
    async build(target, n) {
      const agent = target.component === robot.component;
      // A folder of its own: others build at the same time.
      const folder = await mkdtemp(join(root, `${target.component}-`));
      await writeFile(join(folder, 'main.mjs'), agent ? AGENT : SERVER);
      const { digest } = await assembleImage({
        store: createLayoutStore({ path: store }).component(target.component),
        folder,
        manifest: agent ? agentManifest(n) : serverManifest(n),
        source: { repository: 'shop', revision: 'a'.repeat(40), committedAt: n },
      });
      return { version: `v${n}`, digest, deploymentId: `${formatTarget(target)}/${n}` };
    },
    remove: () => removeUnpacked(root),
  };
}

/** How things stand with a target: what is declared, what runs, what users see. */
export interface Standing {
  readonly generation: number;
  readonly live: LiveRelease | null;
  readonly warm: LiveRelease | null;
  readonly act: Act | null;
  /** What users see at the stable address; null for an agent. */
  readonly page: string | null;
  /** How many instances run, recorded or not. */
  readonly running: number;
  /** Nothing is left of other instances, or of artifacts half unpacked. */
  readonly tidy: boolean;
  /** Agents: whether a deployment left the instance folder as it was. */
  readonly folderKept: boolean | null;
}

/**
 * A runtime in its own process and folder, started again whenever it is killed, as `slipway up` does. `trace`: it
 * writes down which failpoints it reaches, and dies at none.
 */
export async function openDrill(releases: Releases, { trace = false } = {}) {
  const root = await mkdtemp(join(tmpdir(), 'slipway-drill-'));
  const [folder, config, drill] = [join(root, 'runtime'), join(root, 'platform.yaml'), join(root, 'drill')];
  await writeFile(
    config,
    `apiVersion: slipway/v1\nsources: [{ name: shop, url: ./shop }]\nstore: { path: ${releases.store} }\nruntimes: { local: { instances: ./instances } }\nenvironments: { staging: {} }\n`,
  );
  const args = [...(trace ? [TRACED, join(root, 'trace')] : [MAIN]), '--folder', folder, '--config', config];
  const driver = createLocalDriver({ folder });
  let errors = '';
  let child: ChildProcess | null = null;
  let kept = true;
  let keeping: Promise<void> = Promise.resolve();

  /** Resolves when it is ready, however often it has to be started for that. */
  async function start(): Promise<void> {
    for (;;) {
      const env = { ...process.env, SLIPWAY_FAILPOINT_FILE: drill };
      const started = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
      child = started;
      started.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
      const ended = once(started, 'exit') as Promise<[number | null, string | null]>;
      const ready = once(createInterface(started.stdout), 'line').then(() => null);
      const end = await Promise.race([ready, ended]);
      if (end === null) {
        keeping = ended.then(async ([, name]) => (kept && name === 'SIGKILL' ? start() : undefined));
        return;
      }
      if (end[1] !== 'SIGKILL') throw new Error(`the runtime ended with ${end[0] ?? end[1]}: ${errors}`);
    }
  }

  const instances = (): readonly string[] => [
    ...new Set(processesMarked(`SLIPWAY_INSTANCE=${tagOf(folder)}`).map(({ marker }) => marker.split('=')[1] ?? '')),
  ];

  return {
    driver,
    start,
    build: (target: Target, n: number) => releases.build(target, n),
    /** From now on it dies there. */
    async arm(failpoint: Failpoint): Promise<void> {
      await rm(`${drill}.died`, { force: true });
      await writeFile(`${drill}.new`, failpoint);
      await rename(`${drill}.new`, drill);
    },
    /** Whether it died there since it was armed. */
    died: () => existsSync(`${drill}.died`),
    /** Failpoints that were reached up to now, each as often as it was. */
    async reached(): Promise<readonly Failpoint[]> {
      const lines = (await readFile(join(root, 'trace'), 'utf8').catch(() => '')).split('\n');
      return lines.filter((line): line is Failpoint => FAILPOINTS.some((known) => known === line));
    },
    /** Asks again, as Temporal does, until there is an answer. */
    async ask<T>(call: () => Promise<T>): Promise<T> {
      for (;;) {
        try {
          return await call();
        } catch (error) {
          if (codeOf(error) !== 'RUNTIME_UNAVAILABLE') throw error;
          await delay(20);
        }
      }
    },
    async stop(name: 'SIGTERM' | 'SIGKILL'): Promise<void> {
      kept = false;
      if (child?.exitCode === null && child.signalCode === null) {
        const ended = once(child, 'exit');
        child.kill(name);
        await ended;
      }
      await keeping;
      kept = true;
    },
    /** Something that was started, and that nobody recorded. */
    orphan(): void {
      const env = { PATH: process.env['PATH'], SLIPWAY_INSTANCE: `${tagOf(folder)}-lost` };
      spawn('sleep', ['60'], { env, stdio: 'ignore', detached: true }).unref();
    },
    async standing(target: Target): Promise<Standing> {
      const { generation, live, warm, address } = await driver.observe(target);
      const { instance, warm: kept, act, hashes } = (await openState(folder)).target(formatTarget(target));
      const recorded = [instance, kept?.instance].flatMap((one) => one?.id ?? []).toSorted();
      const running = instances();
      const left = [running, await readdir(join(folder, 'run')).catch(() => [])];
      const unpacked = await readdir(join(folder, 'artifacts'));
      return {
        generation,
        live,
        warm,
        act,
        page: await page(address),
        running: running.length,
        tidy:
          left.every((ids) => ids.toSorted().join() === recorded.join()) &&
          unpacked.every((name) => /^[0-9a-f]{64}$/.test(name)),
        folderKept: hashes === null ? null : hashes.before === hashes.after,
      };
    },
    async close(): Promise<void> {
      await this.stop('SIGKILL');
      await until(async () => {
        const left = processesMarked(`SLIPWAY_INSTANCE=${tagOf(folder)}`);
        for (const { pid } of left) signal(pid, 'SIGKILL');
        return left.length === 0;
      });
      await removeUnpacked(root);
    },
  };
}

export type Drill = Awaited<ReturnType<typeof openDrill>>;

async function page(address: string | null): Promise<string | null> {
  if (address === null) return null;
  const { status, body } = await get(address);
  return status === 200 ? body : `${status}`;
}
