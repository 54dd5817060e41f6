import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { assembleImage } from '../../src/artifacts/image.ts';
import { createLayoutStore } from '../../src/artifacts/layout.ts';
import { createLocalDriver } from '../../src/runtime/local/client.ts';
import { compileRuntime, startProcess, type RuntimeProcess } from './compiled.ts';
import { hang, MOODY } from './moody.ts';
import { activation, get, serverManifest, shop } from './world.ts';

let compiled: Awaited<ReturnType<typeof compileRuntime>>;
beforeAll(async () => {
  compiled = await compileRuntime();
});
afterAll(() => compiled.remove());

describe('the runtime’s own process', () => {
  let root: string;
  let config: string;
  let running: RuntimeProcess | null = null;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'slipway-main-'));
    config = join(root, 'platform.yaml');
  });
  afterEach(async () => {
    await running?.end('SIGTERM');
    running = null;
    await rm(root, { recursive: true, force: true });
  });

  it('runs an image of the real store, as platform.yaml says', async () => {
    await writeFile(
      config,
      'apiVersion: slipway/v1\nsources: [{ name: shop, url: ./shop }]\nenvironments: { staging: {} }\nruntimes: { local: { ports: { staging/shop: 31987 }, drainWithin: 300ms, instances: ./kept } }\n',
    );
    const built = join(root, 'built');
    await mkdir(built);
    await writeFile(join(built, 'main.mjs'), MOODY);
    const store = createLayoutStore({ path: join(root, '.slipway/store') }).component('shop');
    const source = { repository: 'shop', revision: 'a'.repeat(40), committedAt: 1_700_000_000 };
    const release = async (n: number) => {
      const { digest } = await assembleImage({ store, folder: built, manifest: serverManifest(n), source });
      return { version: `v${n}`, digest, deploymentId: `staging/shop/${n}` };
    };

    const folder = join(root, '.slipway/runtime');
    const driver = createLocalDriver({ folder });
    running = await startProcess(compiled.main, ['--folder', folder, '--config', config]);
    const { observation } = await driver.activate(activation(shop, await release(1), 1));
    expect(observation).toMatchObject({
      address: 'http://127.0.0.1:31987',
      instanceFolder: join(root, 'kept/staging/shop'),
    });
    expect((await get(observation.address)).body).toBe('v1');

    const { gone } = await hang(observation.address);
    await driver.activate(activation(shop, await release(2), 2));
    const switchedAt = performance.now();
    await gone;
    expect(performance.now() - switchedAt).toBeLessThan(5_000);
  });

  it('says what is wrong and exits 2 without a folder, or without a platform file', async () => {
    await expect(startProcess(compiled.main, ['--config', config])).rejects.toThrow(/exit code 2: USAGE: --folder/);
    await expect(startProcess(compiled.main, ['--folder', root, '--config', config])).rejects.toThrow(
      /exit code 2: FILE_INVALID/,
    );
  });
});
