import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pino } from 'pino';
import { request } from 'undici';
import type { SealedManifest } from '../../src/config/manifest.ts';
import type { LiveRelease } from '../../src/contract/release.ts';
import type { Target } from '../../src/contract/target.ts';
import { createLocalDriver } from '../../src/runtime/local/client.ts';
import { processesMarked, signal } from '../../src/process.ts';
import { startLocalRuntime, type LocalRuntime, type LocalRuntimeOptions } from '../../src/runtime/local/runtime.ts';
import { tagOf } from '../../src/runtime/local/sockets.ts';
import { addImage, imagesIn } from './images.ts';
import { secretsIn } from './secrets.ts';

export const shop: Target = { environment: 'staging', component: 'shop' };
export const robot: Target = { environment: 'staging', component: 'robot' };

/** Answers with its version, at `/slow` after a moment; the other paths try what an instance may do. */
export const SERVER = `
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
const tries = (act) => { try { return act(); } catch (error) { return error.code; } };
const server = createServer((request, response) => {
  if (request.url === '/die') process.exit(3);
  if (request.url === '/env') return response.end(JSON.stringify(process.env));
  const [act, path] = request.url.split('?');
  if (act === '/write') return response.end(tries(() => { writeFileSync(path, 'x'); return 'written'; }));
  if (act === '/read') return response.end(tries(() => { readFileSync(path); return 'read'; }));
  if (act === '/connect') {
    const socket = connect(path, () => response.end('connected'));
    return socket.on('error', (error) => response.end(error.code));
  }
  if (act === '/run') return spawn('sh', ['-c', decodeURIComponent(path)]).on('exit', () => response.end('ran'));
  setTimeout(() => response.end(process.env.VERSION), request.url === '/slow' ? 400 : 0);
});
server.on('upgrade', (request, socket) => {
  socket.write('HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\n\\r\\n');
  socket.on('error', () => {});
});
server.listen(Number(process.env.PORT), '127.0.0.1');
`;

/** Beats its heart, and writes down when it began and ended. */
export const AGENT = `
import { appendFileSync, writeFileSync } from 'node:fs';
const log = (word) => appendFileSync(process.env.SLIPWAY_INSTANCE_DIR + '/journal', word + ' ' + process.env.VERSION + '\\n');
log('began');
process.on('SIGTERM', () => { log('ended'); process.exit(0); });
setInterval(() => writeFileSync(process.env.SLIPWAY_HEARTBEAT, ''), 50);
`;

/** A folder with images, instance folders and one runtime; everything in it ends with `end`. */
export interface World {
  readonly folder: string;
  readonly images: string;
  readonly instances: string;
  /** Where the secrets of `staging` lie, once there is one. */
  readonly secrets: string;
  secret(name: string, value: string): Promise<void>;
  start(options?: Partial<LocalRuntimeOptions>): Promise<LocalRuntime>;
  readonly driver: ReturnType<typeof createLocalDriver>;
  /** A server's release; `overrides` replace parts of its manifest. */
  server(n: number, overrides?: Partial<SealedManifest>, source?: string): Promise<LiveRelease>;
  agent(n: number, overrides?: Partial<SealedManifest>, source?: string): Promise<LiveRelease>;
  end(): Promise<void>;
}

export async function createWorld(name = 'r'): Promise<World> {
  const root = await mkdtemp(join(tmpdir(), 'slipway-runtime-'));
  const [folder, images, instances] = [join(root, name), join(root, 'images'), join(root, 'instances')];
  const secrets = join(root, 'secrets');
  await mkdir(images);
  const runtimes: LocalRuntime[] = [];

  async function release(n: number, target: Target, manifest: SealedManifest, source: string): Promise<LiveRelease> {
    const digest = await addImage(images, manifest, { 'main.mjs': source });
    return { version: `v${n}`, digest, deploymentId: `${target.environment}/${target.component}/${n}` };
  }

  return {
    folder,
    images,
    instances,
    secrets,
    async secret(name, value) {
      await mkdir(dirname(join(secrets, name)), { recursive: true, mode: 0o700 });
      await writeFile(join(secrets, name), value);
    },
    driver: createLocalDriver({ folder }),
    async start(options = {}) {
      const logger = pino({ level: process.env['RUNTIME_LOG'] ?? 'silent' });
      const runtime = await startLocalRuntime({
        folder,
        instances,
        ports: {},
        images: imagesIn(images),
        secrets: secretsIn(secrets),
        logger,
        ...options,
      });
      runtimes.push(runtime);
      return runtime;
    },
    server: (n, overrides = {}, source = SERVER) => release(n, shop, { ...serverManifest(n), ...overrides }, source),
    agent: (n, overrides = {}, source = AGENT) => release(n, robot, { ...agentManifest(n), ...overrides }, source),
    async end() {
      for (const runtime of runtimes) await runtime.close().catch(() => undefined);
      await until(async () => {
        const left = processesMarked(`SLIPWAY_INSTANCE=${tagOf(folder)}`);
        for (const { pid } of left) signal(pid, 'SIGKILL');
        return left.length === 0;
      });
      await rm(root, { recursive: true, force: true });
    },
  };
}

export function serverManifest(n: number): SealedManifest {
  return {
    component: 'shop',
    kind: 'service',
    run: { command: ['node', 'main.mjs'], env: { VERSION: `v${n}` }, startWithin: 10_000 },
    health: { path: '/', interval: 1_000, timeout: 1_000, failures: 3 },
    smoke: [],
  };
}

export function agentManifest(n: number): SealedManifest {
  return {
    component: 'robot',
    kind: 'agent',
    run: { command: ['node', 'main.mjs'], env: { VERSION: `v${n}` }, startWithin: 10_000 },
    health: { heartbeat: 1_000, failures: 3 },
    smoke: [],
  };
}

/** The n-th deployment's activation, on a target that nothing else has touched: it makes generation n. */
export function activation(target: Target, release: LiveRelease, generation: number) {
  return { target, release, generation, deploymentId: release.deploymentId };
}

export async function get(
  address: string | null,
  path = '/',
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; body: string }> {
  const { statusCode, body } = await request(`${address}${path}`, { headers });
  return { status: statusCode, body: await body.text() };
}

/** Waits for the thing itself, and fails when it does not come. */
export async function until<T>(what: () => Promise<T | null | false>, within = 10_000): Promise<T> {
  const deadline = Date.now() + within;
  for (;;) {
    const seen = await what();
    if (seen !== null && seen !== false) return seen;
    if (Date.now() > deadline) throw new Error('it did not come');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
