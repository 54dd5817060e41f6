import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sealBlob } from '../../src/artifacts/sealed.ts';
import { DISTRIBUTION, DOCKER_REGISTRY, startRegistry, type RegistryProcess } from './registry-process.ts';
import { newComponent, registryStore } from './scratch.ts';

const ABOUT = { artifactType: 'application/vnd.slipway.test.v1+json', mediaType: 'text/plain' } as const;

describe.each([DOCKER_REGISTRY, DISTRIBUTION])('three processes that speak of one image on $name', (program) => {
  const skip = program.command === null;
  let registry: RegistryProcess;
  beforeAll(async () => {
    if (!skip) registry = await startRegistry(program);
  });
  afterAll(() => registry?.stop());

  it.skipIf(skip)('lose no referrer, without a registry that lists them and without a lock', async () => {
    const component = newComponent();
    const store = registryStore(registry.url, component);
    await sealBlob({ store, name: 'v1', ...ABOUT, bytes: Buffer.from('an image') });
    const image = await store.resolve('v1');
    const write = async (who: string): Promise<readonly string[]> => {
      const args = [`${registry.url}/team`, component, `${image?.digest}`, `${image?.size}`, who, '6'];
      const { stdout } = await promisify(execFile)(process.execPath, [
        join(import.meta.dirname, 'fixtures/writer.mjs'),
        ...args,
      ]);
      return stdout.trim().split('\n');
    };
    const names = (await Promise.all(['ada', 'bob', 'eve'].map(write))).flat();
    expect(names).toHaveLength(18);
    const sealed = await Promise.all(names.map(async (name) => (await store.resolve(name))?.digest ?? name));
    const listed = (await store.referrers(image?.digest ?? 'sha256:')).map(({ digest }) => digest);
    expect(listed.toSorted()).toEqual(sealed.toSorted());
  });
});
