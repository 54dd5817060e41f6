import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { readStory } from '../../src/demo/story.ts';
import { tellInto } from './story.ts';

/** Step of the story after which each version of the storefront stands in the repository. */
const VERSIONS = { first: 3, second: 5, third: 6 } as const;

const firstWeek = await readStory('first-week');

let folder: string;
const running: ChildProcess[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-shop-'));
  for (const [name, step] of Object.entries(VERSIONS)) {
    await tellInto(firstWeek, join(folder, name), step);
    for (const component of ['catalog', 'storefront', 'restock']) build(name, component);
  }
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((child) => stop(child, 'SIGKILL')));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function build(version: string, component: string): void {
  const env = { PATH: process.env['PATH'] ?? '' };
  execFileSync(process.execPath, ['build.mjs'], { cwd: join(folder, version, component), env });
}

/** Digest of every file under a folder, by path. */
function bytesOf(root: string): Record<string, string> {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map((entry) => join(entry.parentPath, entry.name)).toSorted();
  return Object.fromEntries(
    paths.map((path) => [path.slice(root.length), createHash('sha256').update(readFileSync(path)).digest('hex')]),
  );
}

/** Starts a built component; only what is given stands in its environment. */
function start(version: string, component: string, script: string, env: Record<string, string>): ChildProcess {
  const child = spawn(process.execPath, [script], {
    cwd: join(folder, version, component, 'dist'),
    env,
    stdio: 'ignore',
  });
  running.push(child);
  return child;
}

async function stop(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
  }
  return child.exitCode;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Starts a component that serves HTTP and waits until it is healthy. */
async function serve(version: string, component: string, env: Record<string, string> = {}) {
  const port = await freePort();
  const child = start(version, component, 'server.mjs', { ...env, PORT: String(port) });
  const address = `http://127.0.0.1:${port}`;
  await vi.waitFor(async () => expect((await fetch(`${address}/healthz`)).status).toBe(200), { timeout: 10_000 });
  return { address, child };
}

describe('a build of the shop', () => {
  test.each(['catalog', 'storefront', 'restock'])('gives the same bytes in another folder: %s', (component) => {
    const elsewhere = join(folder, 'a folder with another name');
    for (const part of [component, 'packages'])
      cpSync(join(folder, 'first', part), join(elsewhere, part), { recursive: true });
    rmSync(join(elsewhere, component, 'dist'), { recursive: true });
    build('a folder with another name', component);
    const bytes = bytesOf(join(elsewhere, component, 'dist'));
    expect(Object.keys(bytes)).not.toEqual([]);
    expect(bytes).toEqual(bytesOf(join(folder, 'first', component, 'dist')));
  });

  test('gives other bytes for each version of the storefront', () => {
    const versions = Object.keys(VERSIONS).map((name) =>
      JSON.stringify(bytesOf(join(folder, name, 'storefront/dist'))),
    );
    expect(new Set(versions).size).toBe(3);
  });
});

describe('the storefront', () => {
  test.each(Object.keys(VERSIONS))('welcomes people without the catalog: the %s version', async (version) => {
    const storefront = await serve(version, 'storefront', { CATALOG_URL: `http://127.0.0.1:${await freePort()}` });
    expect(await (await fetch(storefront.address)).text()).toContain('Welcome');
    expect((await fetch(`${storefront.address}/products`)).status).toBe(502);
  });

  test.each(['first', 'second'] as const)('shows what the catalog has: the %s version', async (version) => {
    const catalog = await serve('first', 'catalog');
    const storefront = await serve(version, 'storefront', { CATALOG_URL: catalog.address });
    const page = await fetch(`${storefront.address}/products`);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('Morning mug');
  });

  test('asks the live catalog for what it does not give, in its third version', async () => {
    const catalog = await serve('first', 'catalog');
    const storefront = await serve('third', 'storefront', { CATALOG_URL: catalog.address });
    expect((await fetch(`${storefront.address}/products`)).status).toBe(502);
    expect((await fetch(storefront.address)).status).toBe(200);
  });

  test('ends by itself when it is asked to', async () => {
    const { child } = await serve('first', 'storefront');
    expect(await stop(child)).toBe(0);
  });
});

describe('the restock agent', () => {
  test('goes on with the ledger where the version before it stopped', async () => {
    const instance = join(folder, 'instance');
    const heartbeat = join(folder, 'heartbeat');
    mkdirSync(instance);
    const env = { SLIPWAY_INSTANCE_DIR: instance, SLIPWAY_HEARTBEAT: heartbeat };
    const ledger = () => JSON.parse(readFileSync(join(instance, 'ledger.json'), 'utf8'));
    const reached = (turn: number) =>
      vi.waitFor(() => expect(Number(readFileSync(heartbeat, 'utf8'))).toBeGreaterThanOrEqual(turn), {
        timeout: 10_000,
      });

    const before = start('first', 'restock', 'agent.mjs', env);
    await reached(2);
    expect(await stop(before)).toBe(0);
    const left = ledger();
    expect(readdirSync(instance)).toEqual(['ledger.json']);

    start('second', 'restock', 'agent.mjs', env);
    await reached(left.turn + 2);
    expect(ledger().stock['bud-vase'].sold).toBeGreaterThanOrEqual(left.stock['bud-vase'].sold);
    expect(await once(start('second', 'restock', 'check.mjs', env), 'exit')).toEqual([0, null]);
  });

  test('is found out by its smoke test when the ledger does not add up', async () => {
    const instance = join(folder, 'wrong');
    mkdirSync(instance);
    const check = () => once(start('first', 'restock', 'check.mjs', { SLIPWAY_INSTANCE_DIR: instance }), 'exit');
    expect(await check()).toEqual([1, null]);
    writeFileSync(
      join(instance, 'ledger.json'),
      JSON.stringify({ turn: 4, stock: { 'bud-vase': { delivered: 12, sold: 3, onShelf: 11 } } }),
    );
    const wrong = bytesOf(instance);
    expect(await check()).toEqual([1, null]);
    expect(bytesOf(instance)).toEqual(wrong);
  });
});
