import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createMissingKeys } from '../../src/signing/keys.ts';
import { keyedPlatform, PLATFORM, type KeyedPlatform } from './platform.ts';

const WORKER = join(import.meta.dirname, '..', '..', 'bin', 'worker.js');

let platform: KeyedPlatform;
beforeEach(async () => {
  platform = await keyedPlatform();
});
afterEach(() => platform.remove());

/** Starts a worker by itself; what it comes to before it looks for Temporal, which is not there. */
async function start(role: string, env: NodeJS.ProcessEnv = {}) {
  const args = role === 'deployer' ? ['--environment', 'staging'] : [];
  const own = { ...platform.env, ...env };
  const options = { env: own, extendEnv: false, reject: false, cwd: platform.folder } as const;
  const { exitCode, stderr } = await execa(process.execPath, [WORKER, role, ...args], options);
  return { exitCode, stderr };
}

describe('a worker alone', () => {
  test('does not start without a key that is believed, says what to do, and makes none', async () => {
    const { exitCode, stderr } = await start('builder');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('KEY_UNAVAILABLE');
    expect(stderr).toContain('slipway keys create');
    expect(await readdir(platform.keys.root).catch(() => null)).toBeNull();
  });

  test('gets as far as looking for Temporal with a key of its own, and not with another’s', async () => {
    await createMissingKeys({ loaded: await platform.load(), env: platform.env, now: new Date() });
    await platform.write(`${PLATFORM}signing: { deployers: { staging: { env: STAGING_KEY } } }\n`);
    const pem = async (name: string) => await readFile(join(platform.keys.folder, `${name}.pem`), 'utf8');
    const [inFolder, own, other] = await Promise.all([
      start('builder'),
      start('deployer', { STAGING_KEY: await pem('deployer-staging-1') }),
      start('deployer', { STAGING_KEY: await pem('deployer-production-1') }),
    ]);
    const away = { exitCode: 1, stderr: expect.stringContaining('TEMPORAL_UNAVAILABLE') as string };
    expect([inFolder, own]).toEqual([away, away]);
    expect(other.stderr).toContain('deployer-production-1 is a key of deployer for production');
  });
});
