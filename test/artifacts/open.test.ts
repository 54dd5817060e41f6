import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../../src/artifacts/open.ts';
import { loadPlatform } from '../../src/config/load.ts';
import { checkStore } from '../../src/up/doctor/platform.ts';
import { scratchFolder } from './scratch.ts';
import { DOCKER_REGISTRY, startRegistry, type RegistryProcess } from '../registry/registry-process.ts';

const SMALL = Buffer.from('a document, or a config');

describe.skipIf(DOCKER_REGISTRY.command === null)('a platform that names a registry', () => {
  let registry: RegistryProcess;
  beforeAll(async () => {
    registry = await startRegistry(DOCKER_REGISTRY, { password: true });
  });
  afterAll(() => registry?.stop());

  async function platformWith(more: string) {
    const folder = await scratchFolder();
    await writeFile(join(folder, 'password'), 's3cret\n');
    const file = join(folder, 'platform.yaml');
    const store = `{ registry: ${registry.url}/team, ${more} }`;
    const rest = 'sources: [{ name: shop, url: ./shop }]\nenvironments: { staging: {} }\n';
    await writeFile(file, `apiVersion: slipway/v1\nstore: ${store}\n${rest}`);
    return await loadPlatform(file);
  }

  it('is let in by what its references hold, and slipway doctor sees that', async () => {
    const loaded = await platformWith('username: { env: USER_OF_IT }, password: { file: password }');
    const env = { USER_OF_IT: 'slipway' };
    await (await openStore(loaded, { env })).component('web').putBlob(SMALL);
    expect(await checkStore(loaded, env)).toMatchObject({ state: 'good', found: `${registry.url}/team` });
  });

  it('is not, where they hold nothing, or something else', async () => {
    const loaded = await platformWith('username: { env: USER_OF_IT }, password: { file: password }');
    const store = (await openStore(loaded, { env: {} })).component('web');
    await expect(store.putBlob(SMALL)).rejects.toMatchObject({ code: 'SECRET_UNAVAILABLE', fault: 'platform' });
    expect(await checkStore(loaded, { USER_OF_IT: 'eve' })).toMatchObject({
      state: 'bad',
      found: expect.stringContaining('401'),
    });
    const nothing = await platformWith('ca: { file: nowhere.pem }');
    await expect(openStore(nothing, { env: {} })).rejects.toThrow(/store\.ca: nowhere\.pem cannot be read \(ENOENT\)/);
  });
});
