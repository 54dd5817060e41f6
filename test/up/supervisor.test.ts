import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { identify } from '../../src/process.ts';
import type { ChildSpec } from '../../src/up/child.ts';
import { createSupervisor, type Supervisor } from '../../src/up/supervisor.ts';

let folder: string;
let supervisor: Supervisor;
let told: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-supervisor-'));
  told = [];
  supervisor = createSupervisor({ logs: join(folder, 'logs'), report: (line) => told.push(line), readyWithin: 10_000 });
});
afterEach(async () => {
  await supervisor.close();
  await rm(folder, { recursive: true, force: true });
});

/** A Node process of a few lines. */
function program(name: string, code: string, more: Partial<ChildSpec> = {}): ChildSpec {
  return {
    name,
    command: process.execPath,
    args: ['--input-type=module', '--eval', code],
    env: process.env,
    ready: 'line',
    absence: 'NO_WORKER',
    stopWithin: 5_000,
    ...more,
  };
}

/** Ready at once, then there until it is told to stop, which it writes into `stops`. */
function steady(name: string): ChildSpec {
  return program(
    name,
    `import { appendFileSync } from 'node:fs';
     process.on('SIGTERM', () => { appendFileSync(${JSON.stringify(join(folder, 'stops'))}, '${name} '); process.exit(0); });
     setInterval(() => {}, 1000);
     console.log('ready now');`,
  );
}

function pidOf(name: string): number {
  return supervisor.pids().get(name) ?? -1;
}

test('a process counts as started once it says that it is ready, and what it says is in its log', async () => {
  await supervisor.start(
    program(
      'worker',
      `console.error('warming up'); setTimeout(() => console.log('ready'), 100); setInterval(() => {}, 1000)`,
    ),
  );
  const log = join(folder, 'logs', 'worker.log');
  await expect.poll(() => readFile(log, 'utf8')).toBe('warming up\nready\n');
});

test('a process that is killed is started again, and that is said', async () => {
  await supervisor.start(steady('worker'));
  const before = pidOf('worker');
  process.kill(before, 'SIGKILL');
  await expect.poll(() => told).toEqual(['worker ended (signal SIGKILL); starting it again', 'worker is ready again']);
  expect(pidOf('worker')).not.toBe(before);
  expect(identify(before)).toBeNull();
});

test('all are stopped in the reverse of the order in which they were started', async () => {
  for (const name of ['server', 'runtime', 'worker']) await supervisor.start(steady(name));
  const pids = [...supervisor.pids().values()];
  await supervisor.close();
  expect(await readFile(join(folder, 'stops'), 'utf8')).toBe('worker runtime server ');
  expect(pids.map(identify)).toEqual([null, null, null]);
  expect(told).toEqual([]);
});

test('a process that does not heed SIGTERM is killed with its whole group after its time', async () => {
  const stubborn = `
    import { spawn } from 'node:child_process';
    process.on('SIGTERM', () => {});
    const child = spawn('sleep', ['60']);
    console.log('grandchild', child.pid); console.log('ready');`;
  await supervisor.start(program('stubborn', stubborn, { stopWithin: 200 }));
  const pid = pidOf('stubborn');
  const log = join(folder, 'logs', 'stubborn.log');
  await expect.poll(() => readFile(log, 'utf8')).toMatch(/grandchild \d+/);
  const said = await readFile(log, 'utf8');
  const grandchild = Number(/grandchild (\d+)/.exec(said)?.[1]);
  expect(identify(grandchild)).not.toBeNull();
  await supervisor.close();
  expect(identify(pid)).toBeNull();
  await expect.poll(() => identify(grandchild)).toBeNull();
});

describe('a process that does not become ready', () => {
  test('is given up after some attempts, with its code, its last words and its log', async () => {
    await expect(
      supervisor.start(program('broken', `console.error('no such file'); process.exit(3)`)),
    ).rejects.toMatchObject({
      code: 'NO_WORKER',
      message: expect.stringMatching(/broken did not become ready: exit code 3.*no such file.*logs\/broken\.log/s),
    });
  });

  test('is given another attempt, because a port may be in use for a moment', async () => {
    const file = join(folder, 'attempts');
    await supervisor.start(
      program(
        'late',
        `import { appendFileSync, readFileSync } from 'node:fs';
        appendFileSync(${JSON.stringify(file)}, 'x');
        if (readFileSync(${JSON.stringify(file)}, 'utf8').length < 3) process.exit(1);
        console.log('ready'); setInterval(() => {}, 1000);`,
      ),
    );
    expect(await readFile(file, 'utf8')).toBe('xxx');
  });

  test('that cannot even be started is told from one that ended', async () => {
    await expect(supervisor.start(program('missing', '', { command: join(folder, 'nothing') }))).rejects.toMatchObject({
      message: expect.stringContaining('ENOENT'),
    });
  });
});

test('nothing is started once it stops, and a process on its way up is stopped too', async () => {
  const waiting = supervisor.start(program('slow', `setInterval(() => {}, 1000)`));
  const outcome = waiting.catch((error: Error) => error.message);
  await expect.poll(() => pidOf('slow')).toBeGreaterThan(0);
  const pid = pidOf('slow');
  await supervisor.close();
  expect(await outcome).toMatch(/slow did not become ready/);
  expect(identify(pid)).toBeNull();
  await expect(supervisor.start(steady('after'))).rejects.toThrow(/stopping/);
});
