import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { sealBlob } from '../../src/artifacts/sealed.ts';
import type { ComponentStore } from '../../src/artifacts/store.ts';
import { digestOf } from '../../src/digest-of.ts';
import { FAILPOINTS, whenReached } from '../../src/failpoints.ts';
import { DOCKER_REGISTRY, startRegistry, type RegistryProcess } from './registry-process.ts';
import { newComponent, registryStore } from './scratch.ts';

const LAYER = Buffer.from('the files of an image');
const ABOUT = { artifactType: 'application/vnd.slipway.test.v1+json', mediaType: 'text/plain' } as const;

/** What a worker does in the end: bytes, a name for them, and a document about that. */
async function work(store: ComponentStore): Promise<void> {
  await store.putStream(Readable.from([LAYER]));
  await sealBlob({ store, name: 'v1', ...ABOUT, bytes: LAYER });
  const subject = await store.resolve('v1');
  await sealBlob({ store, name: 'evidence', ...ABOUT, bytes: Buffer.from('it is good'), ...(subject && { subject }) });
}

const OF_A_REGISTRY = FAILPOINTS.filter((failpoint) => failpoint.startsWith('registry.'));

describe.skipIf(DOCKER_REGISTRY.command === null)('a writer to a registry that ends', () => {
  let registry: RegistryProcess;
  beforeAll(async () => {
    registry = await startRegistry(DOCKER_REGISTRY);
  });
  afterAll(() => registry?.stop());
  afterEach(() => whenReached(() => undefined));

  // Whoever is killed does nothing more, and neither does whoever throws what nobody catches; the next one knows nothing
  // of him but what the registry has.
  it.each(OF_A_REGISTRY)('at %s leaves the next one to end as if nothing had been', async (failpoint) => {
    const component = newComponent();
    let struck = false;
    whenReached((reached) => {
      if (reached !== failpoint || struck) return;
      struck = true;
      throw new Error('killed');
    });
    await expect(work(registryStore(registry.url, component))).rejects.toThrow('killed');

    const store = registryStore(registry.url, component);
    await work(store);
    const [image, evidence] = [await store.resolve('v1'), await store.resolve('evidence')];
    expect(await store.names('')).toEqual(['evidence', 'v1']);
    expect(await store.getBlob(digestOf(LAYER))).toEqual(LAYER);
    const listed = await store.referrers(image?.digest ?? 'sha256:');
    expect(listed).toEqual([evidence]);
  });
});
