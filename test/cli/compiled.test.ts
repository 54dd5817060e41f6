import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NOBODY } from '../../src/signing/notary.ts';
import { openDesk, type Desk } from './desk.ts';
import { sealRejected } from './records.ts';

const BIN = resolve(import.meta.dirname, '../../bin/slipway.js');

let desk: Desk;
/** Accepts connections and never says a word. */
let silent: Server;
beforeAll(async () => {
  desk = await openDesk(NOBODY);
  await sealRejected(desk.artifacts, 1);
  silent = createServer(() => {}).listen(0, '127.0.0.1');
  await once(silent, 'listening');
});
afterAll(async () => {
  silent.close();
  await desk.remove();
});

async function slipway(args: readonly string[], env: Record<string, string> = {}, cwd = desk.folder) {
  const began = performance.now();
  const { PATH, HOME } = process.env;
  const run = await execa(process.execPath, [BIN, ...args], {
    cwd,
    env: { PATH, HOME, ...env },
    extendEnv: false,
    reject: false,
  });
  return { exitCode: run.exitCode, stdout: run.stdout, stderr: run.stderr, took: performance.now() - began };
}

describe('the compiled command line', () => {
  test('--help is on stdout, with exit code 0', async () => {
    expect(await slipway(['--help'])).toMatchObject({
      exitCode: 0,
      stderr: '',
      stdout: expect.stringContaining('deploy'),
    });
  });

  test('bad usage is one line on stderr, with exit code 2', async () => {
    const { exitCode, stdout, stderr } = await slipway(['deploy']);
    expect({ exitCode, stdout, lines: stderr.split('\n').length }).toEqual({ exitCode: 2, stdout: '', lines: 1 });
  });

  test('without a platform file, it says which it looked for: exit code 2', async () => {
    const empty = join(desk.folder, 'empty');
    await mkdir(empty);
    const { exitCode, stderr } = await slipway(['up'], {}, empty);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^FILE_INVALID platform\.yaml: found no such file/);
  });

  test.each([
    ['nothing listens there', () => '127.0.0.1:1'],
    ['nobody answers there', () => `127.0.0.1:${(silent.address() as { port: number }).port}`],
  ])('a Temporal server that is away is said within five seconds: %s', async (_, address) => {
    const env = { TEMPORAL_ADDRESS: address() };
    const { exitCode, stdout, stderr, took } = await slipway(['status', '--json'], env);
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'TEMPORAL_UNAVAILABLE', clause: null } });
    expect(took).toBeLessThan(5_000);
  });

  test('where nothing is up, that is said at once', async () => {
    expect(await slipway(['status'])).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('slipway up') });
  });

  test('piped text has no escape codes, and FORCE_COLOR asks for them', async () => {
    const piped = await slipway(['history', 'staging/storefront']);
    const forced = await slipway(['history', 'staging/storefront'], { FORCE_COLOR: '1' });
    expect(piped.stdout).toContain('staging/storefront/1');
    expect(piped.stdout).not.toContain('\u001b');
    expect(forced.stdout).toContain('\u001b[31mrejected');
  });

  test('a reader that has seen enough is no error', async () => {
    const command = `"${process.execPath}" "${BIN}" history staging/storefront --json | head -c 1; echo " \${PIPESTATUS[0]}"`;
    const { stdout, stderr } = await execa('bash', ['-c', command], { cwd: desk.folder });
    expect({ stdout, stderr }).toEqual({ stdout: '{ 0', stderr: '' });
  });

  test('verify reads a deployment without a server', async () => {
    const { exitCode, stdout } = await slipway(['verify', 'staging/storefront/1', '--json']);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'VALID' });
  });

  test('doctor finds a platform file that is wrong, among the rest', async () => {
    const folder = join(desk.folder, 'wrong');
    await mkdir(folder);
    await writeFile(join(folder, 'platform.yaml'), 'apiVersion: slipway/v1\nnonsense: 1\n');
    const { exitCode, stdout } = await slipway(['doctor', '--json'], {}, folder);
    const { findings } = JSON.parse(stdout) as { findings: { what: string; state: string }[] };
    expect(exitCode).toBe(1);
    expect(findings).toContainEqual(expect.objectContaining({ what: 'platform file', state: 'bad' }));
    expect(findings).toContainEqual(expect.objectContaining({ what: 'git', state: 'good' }));
  });
});
