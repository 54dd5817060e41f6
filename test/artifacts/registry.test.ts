import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assembleImage, readManifest, unpackImage, verifyImage } from '../../src/artifacts/image.ts';
import { createLayoutStore } from '../../src/artifacts/layout.ts';
import { readDocument, sealBlob, sealDocument } from '../../src/artifacts/sealed.ts';
import { SlipwayError } from '../../src/contract/failure.ts';
import { digestOf } from '../../src/digest-of.ts';
import { hashFolder } from '../../src/runtime/local/instance-folder.ts';
import { MANIFEST, SOURCE, statement, writeBuild } from './parts.ts';
import { scratchFolder } from './scratch.ts';
import { DISTRIBUTION, DOCKER_REGISTRY, startRegistry } from '../registry/registry-process.ts';
import {
  newComponent,
  pushImage,
  registryStore,
  scratchImage,
  scratchPlace,
  scratchProxy,
} from '../registry/scratch.ts';
import { startStandIn } from '../registry/stand-in.ts';

const NOWHERE = `sha256:${'0'.repeat(64)}` as const;
const ABOUT = { artifactType: 'application/vnd.slipway.test.v1+json', mediaType: 'text/plain' } as const;

const REGISTRIES = [
  { name: DOCKER_REGISTRY.name, skip: DOCKER_REGISTRY.command === null, start: () => startRegistry(DOCKER_REGISTRY) },
  { name: DISTRIBUTION.name, skip: DISTRIBUTION.command === null, start: () => startRegistry(DISTRIBUTION) },
  {
    name: 'a registry with the referrers API',
    skip: false,
    start: async () => {
      const { url, close } = await startStandIn();
      return { url, stop: close };
    },
  },
];

describe.each(REGISTRIES)('a store on $name', ({ skip, start }) => {
  let registry: { readonly url: string; readonly stop: () => Promise<void> };
  beforeAll(async () => {
    if (!skip) registry = await start();
  });
  afterAll(() => registry?.stop());

  it.skipIf(skip)('keeps blobs, small and large, and gives back the same bytes', async () => {
    const store = registryStore(registry.url, newComponent());
    const small = Buffer.from('a small one');
    const large = randomBytes(9 * 2 ** 20);
    expect(await store.hasBlob(digestOf(small))).toBe(false);
    expect(await store.putBlob(small)).toEqual({ digest: digestOf(small), size: small.byteLength });
    const parts = [large.subarray(0, 5_000_000), large.subarray(5_000_000)];
    expect(await store.putStream(Readable.from(parts))).toEqual({ digest: digestOf(large), size: large.byteLength });
    expect(await store.hasBlob(digestOf(large))).toBe(true);
    expect(await store.getBlob(digestOf(small))).toEqual(small);
    expect(digestOf(await buffer(await store.openBlob(digestOf(large))))).toBe(digestOf(large));
    await store.putBlob(Buffer.alloc(0));
    await expect(store.getBlob(NOWHERE)).rejects.toThrow(/blob sha256:0+ is missing: expected in http/);
    await expect(store.openBlob(NOWHERE)).rejects.toMatchObject({ code: 'ARTIFACT_CORRUPT' });
  });

  it.skipIf(skip)('gives a name once, and says what stands', async () => {
    const component = newComponent();
    const store = registryStore(registry.url, component);
    expect(await store.resolve('record.staging.1')).toBeNull();
    expect(await store.names('')).toEqual([]);
    const first = await sealBlob({ store, name: 'record.staging.1', ...ABOUT, bytes: Buffer.from('one') });
    expect(first.won).toBe(true);
    const other = registryStore(registry.url, component);
    const second = await sealBlob({ store: other, name: 'record.staging.1', ...ABOUT, bytes: Buffer.from('two') });
    expect(second).toEqual({ digest: first.digest, won: false });
    const names = ['act.staging.1', 'record.staging.10', 'record.staging.2', 'record.production.1'];
    for (const name of names) await sealBlob({ store, name, ...ABOUT, bytes: Buffer.from(name) });
    expect(await other.names('record.staging.')).toEqual(['record.staging.1', 'record.staging.10', 'record.staging.2']);
    expect(await other.names('')).toHaveLength(5);
    await expect(store.claim('unstored', { digest: NOWHERE, mediaType: 'x', size: 1 })).rejects.toThrow(
      /"unstored" would name what cannot be had: blob sha256:0+ is missing/,
    );
    await expect(store.claim('not a name', { digest: NOWHERE, mediaType: 'x', size: 1 })).rejects.toMatchObject({
      code: 'USAGE',
    });
  });

  it.skipIf(skip)('holds the same images as one on disk, byte for byte, with what is said of them', async () => {
    const folder = await scratchFolder();
    await writeBuild(folder, 'plain');
    const disk = createLayoutStore({ path: await scratchFolder() }).component('storefront');
    const store = registryStore(registry.url, 'storefront');
    const image = await assembleImage({ store, folder, manifest: MANIFEST, source: SOURCE });
    expect(image).toEqual(await assembleImage({ store: disk, folder, manifest: MANIFEST, source: SOURCE }));
    const claimed = await store.claim('v1', image.descriptor);
    expect(claimed).toEqual({ descriptor: image.descriptor, won: true });
    await disk.claim('v1', image.descriptor);
    await verifyImage(store, image.digest);
    expect(await readManifest(store, image.digest)).toEqual(await readManifest(disk, image.digest));
    const [there, here] = [`${await scratchFolder()}/unpacked`, `${await scratchFolder()}/unpacked`];
    await unpackImage(store, image.digest, there);
    await unpackImage(disk, image.digest, here);
    expect(await hashFolder(there)).toBe(await hashFolder(here));

    for (const where of [store, disk]) {
      const sealed = { store: where, name: 'evidence.staging.1.build', artifactType: ABOUT.artifactType };
      await sealDocument({ ...sealed, statement: statement('built'), subject: image.descriptor });
    }
    const name = 'evidence.staging.1.build';
    expect(await readDocument(store, name)).toEqual(await readDocument(disk, name));
    expect(await store.resolve(name)).toMatchObject({ ...(await disk.resolve(name)) });
    expect(await store.referrers(image.digest)).toMatchObject([{ digest: (await store.resolve(name))?.digest }]);
    expect(await store.names('')).toEqual(await disk.names(''));
  });

  it.skipIf(skip)('lists every referrer, however many are sealed at once', async () => {
    const component = newComponent();
    const store = registryStore(registry.url, component);
    const subject = await sealedImage(store);
    const names = Array.from({ length: 12 }, (_, index) => `evidence.staging.${index}`);
    // Four processes' worth of memories, which know nothing of each other.
    const writers = Array.from({ length: 4 }, () => registryStore(registry.url, component));
    await Promise.all(
      names.map((name, index) =>
        sealBlob({ store: writers[index % 4] ?? store, name, ...ABOUT, bytes: Buffer.from(name), subject }),
      ),
    );
    const sealed = await Promise.all(names.map(async (name) => (await store.resolve(name))?.digest ?? name));
    const listed = (await store.referrers(subject.digest)).map(({ digest }) => digest);
    expect(listed.toSorted()).toEqual(sealed.toSorted());
    expect(await store.names('')).toHaveLength(13);
  });

  it.skipIf(skip)('is sent no bytes that it has already', async () => {
    const proxy = await scratchProxy(registry.url);
    const component = newComponent();
    const small = Buffer.from('brought twice');
    const large = randomBytes(5 * 2 ** 20);
    const bring = async (): Promise<void> => {
      const store = registryStore(proxy.url, component);
      await store.putBlob(small);
      await store.putStream(Readable.from([large]));
    };
    const sent = (): readonly string[] =>
      proxy.seen.flatMap(({ method }) => (['POST', 'PATCH', 'PUT'].includes(method) ? [method] : []));
    await bring();
    expect(sent()).toEqual(['POST', 'PUT', 'POST', 'PATCH', 'PUT']);
    proxy.seen.length = 0;
    await bring();
    expect(sent()).toEqual([]);
    expect(proxy.seen.length).toBeGreaterThan(0);
  });

  it.skipIf(skip)('takes the same blob from many at once', async () => {
    const component = newComponent();
    const bytes = randomBytes(5 * 2 ** 20);
    const writers = Array.from({ length: 6 }, () => registryStore(registry.url, component));
    const put = await Promise.all(writers.map((store) => store.putStream(Readable.from([bytes]))));
    expect(new Set(put.map(({ digest }) => digest))).toEqual(new Set([digestOf(bytes)]));
    expect(digestOf(await registryStore(registry.url, component).getBlob(digestOf(bytes)))).toBe(digestOf(bytes));
  });

  it.skipIf(skip)('reads what other tools have pushed, whose manifests are no blobs', async () => {
    const component = newComponent();
    const image = await scratchImage();
    await pushImage(scratchPlace(registry.url, `team/${component}`), image);
    const store = registryStore(registry.url, component);
    expect(await store.hasBlob(image.descriptor.digest)).toBe(true);
    expect(await store.getBlob(image.descriptor.digest)).toEqual(image.bytes);
    expect(await buffer(await store.openBlob(image.descriptor.digest))).toEqual(image.bytes);
    expect((await store.claim('v1', image.descriptor)).descriptor).toEqual(image.descriptor);
  });

  async function sealedImage(store: ReturnType<typeof registryStore>) {
    await sealBlob({ store, name: 'v1', ...ABOUT, bytes: Buffer.from('an image, as far as this goes') });
    const subject = await store.resolve('v1');
    if (subject === null) throw new SlipwayError('INTERNAL', 'no image');
    return subject;
  }
});
