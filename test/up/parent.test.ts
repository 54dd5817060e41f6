import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { identify } from '../../src/process.ts';

/** Two small programs that use the supervisor as Node 20 runs it: compiled. */
let folder: string;
const compiled = join(import.meta.dirname, '..', '..', 'dist', 'src', 'up');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-parent-'));
  await writeFile(join(folder, 'worker.mjs'), WORKER);
  await writeFile(join(folder, 'up.mjs'), UP);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const WORKER = `
import { exitWhenParentDies } from '${compiled}/../parent.js';
exitWhenParentDies(process.env);
setInterval(() => {}, 1000);
console.log('ready');
`;

const UP = `
import { createSupervisor } from '${compiled}/supervisor.js';
const supervisor = createSupervisor({ logs: import.meta.dirname + '/logs', report: console.error });
const spec = { env: process.env, absence: 'NO_WORKER', stopWithin: 1000 };
const worker = { name: 'worker', command: process.execPath, args: [import.meta.dirname + '/worker.mjs'], ready: 'line' };
const foreign = { name: 'foreign', command: 'sleep', args: ['600'], ready: async () => {} };
await supervisor.start({ ...spec, ...worker });
await supervisor.start({ ...spec, ...foreign });
console.log(JSON.stringify(Object.fromEntries(supervisor.pids())));
`;

async function startUp(): Promise<{ readonly up: ChildProcess; readonly pids: Record<string, number> }> {
  const up = spawn(process.execPath, [join(folder, 'up.mjs')], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface({ input: up.stdout }), 'line')) as [string];
  return { up, pids: JSON.parse(line) as Record<string, number> };
}

describe('when slipway up is killed without a word', () => {
  test('its workers end, and so do programs that know nothing of it', async () => {
    const { up, pids } = await startUp();
    expect(Object.keys(pids)).toEqual(['worker', 'foreign']);
    expect(Object.values(pids).map(identify)).not.toContain(null);
    up.kill('SIGKILL');
    await once(up, 'exit');
    await expect.poll(() => Object.values(pids).map(identify)).toEqual([null, null]);
  });
});

describe('a worker that a person starts', () => {
  test('stays, although its stdin is empty', async () => {
    const { SLIPWAY_SUPERVISED: _, ...env } = process.env;
    const worker = spawn(process.execPath, [join(folder, 'worker.mjs')], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(worker, 'exit').then(() => 'ended');
    await once(createInterface({ input: worker.stdout }), 'line');
    const later = new Promise((resolve) => setTimeout(resolve, 200, 'stays'));
    expect(await Promise.race([ended, later])).toBe('stays');
    worker.kill('SIGTERM');
    await ended;
  });
});
