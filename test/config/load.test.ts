import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadPlatform, parsePlatform, pathsOf } from '../../src/config/load.ts';

const PLATFORM = `apiVersion: slipway/v1
sources: [{ name: shop, url: ../shop.git }]
runtimes: { local: { instances: ./instances } }
environments: { staging: {} }
`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'slipway-config-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('a platform is loaded with its bytes and their digest, and says nothing but what the file says', async () => {
  const file = path.join(folder, 'platform.yaml');
  await writeFile(file, PLATFORM);
  const loaded = await loadPlatform(file);
  expect(loaded.bytes.toString()).toBe(PLATFORM);
  expect(loaded.digest).toBe(`sha256:${createHash('sha256').update(PLATFORM).digest('hex')}`);
  expect(loaded.platform.sources[0]?.url).toBe('../shop.git');
  expect(parsePlatform(loaded.bytes)).toEqual(loaded.platform);
});

test('its paths are relative to the file, wherever the command was started', async () => {
  const file = path.join(folder, 'platform.yaml');
  await writeFile(file, PLATFORM);
  expect(pathsOf(await loadPlatform(path.relative(process.cwd(), file)))).toEqual({
    state: path.join(folder, '.slipway'),
    store: path.join(folder, '.slipway/store'),
    instances: path.join(folder, 'instances'),
    sources: path.join(folder, '.slipway/sources'),
  });
});

test('a missing file and a folder in its place say what to do', async () => {
  const missing = loadPlatform(path.join(folder, 'platform.yaml'));
  await expect(missing).rejects.toMatchObject({
    code: 'FILE_INVALID',
    message: expect.stringMatching(
      /found no such file, expected a platform file; write one, or .* --config FILE/,
    ) as string,
  });
  await mkdir(path.join(folder, 'platform.yaml'));
  await expect(loadPlatform(path.join(folder, 'platform.yaml'))).rejects.toThrow(/found a folder/);
});
