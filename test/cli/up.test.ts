import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { identify } from '../../src/process.ts';
import { readUpFile } from '../../src/up/up-file.ts';

const SLIPWAY = join(import.meta.dirname, '..', '..', 'bin', 'slipway.js');
const PLATFORM = 'apiVersion: slipway/v1\nsources: [{ name: shop, url: ./shop }]\nenvironments: { staging: {} }\n';

test('slipway up stops in good order however often it is told to: npm passes on the Ctrl-C that it had itself', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-up-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'platform.yaml'), PLATFORM);
  const { TEMPORAL_ADDRESS: _, ...env } = process.env;
  const up = execa(process.execPath, [SLIPWAY, 'up'], {
    cwd: folder,
    env: {
      ...env,
      SLIPWAY_KEYS: join(folder, 'keys'),
      XDG_CACHE_HOME: process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
    },
    extendEnv: false,
    reject: false,
  });
  onTestFinished(() => void up.kill('SIGKILL'));
  await new Promise((resolve) => up.stdout.once('data', resolve));
  expect(await readUpFile(join(folder, '.slipway'))).toMatchObject({ pid: up.pid });

  up.kill('SIGINT');
  await new Promise((resolve) => up.stderr.on('data', (said) => String(said).includes('Stopping') && resolve(said)));
  up.kill('SIGINT');
  up.kill('SIGTERM');
  expect(await up).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^ready /) });
  expect(await stat(join(folder, '.slipway', 'up.json')).catch(() => null)).toBeNull();
  expect(identify(up.pid ?? 0)).toBeNull();
});
