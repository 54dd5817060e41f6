import { readFile, writeFile, chmod } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLayoutStore } from '../../src/artifacts/layout.ts';
import { MEDIA_TYPE } from '../../src/artifacts/oci.ts';
import type { ComponentStore } from '../../src/artifacts/store.ts';
import { codeOf } from '../../src/contract/failure.ts';
import { pullBase } from '../../src/registry/base.ts';
import { putManifest, sha256Of } from '../../src/registry/manifests.ts';
import type { Place } from '../../src/registry/place.ts';
import { blobFile, scratchFolder } from '../artifacts/scratch.ts';
import { DOCKER_REGISTRY, startRegistry, type RegistryProcess } from './registry-process.ts';
import { HURRY, pushImage, scratchImage, scratchPlace, scratchProxy } from './scratch.ts';

const NOWHERE = `sha256:${'0'.repeat(64)}` as const;

async function emptyStore(): Promise<ComponentStore> {
  return createLayoutStore({ path: await scratchFolder() }).component('web');
}

async function refusal(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => new Error('it was taken'),
    (thrown: unknown) => thrown,
  );
  return `${codeOf(error)} ${(error as Error).message}`;
}

describe('a base in a layout on disk', () => {
  const pull = (store: ComponentStore, reference: string, folder = '/') =>
    pullBase(store, reference, { folder, patience: HURRY });

  it('is copied whole, by a path from the platform’s folder', async () => {
    const { layout, descriptor, parts, bytes } = await scratchImage();
    const store = await emptyStore();
    expect(await pull(store, `oci:storefront@${descriptor.digest}`, `${layout}/..`)).toEqual(descriptor);
    expect(await store.getBlob(descriptor.digest)).toEqual(bytes);
    for (const { digest, size } of parts) expect((await store.getBlob(digest)).byteLength).toBe(size);
  });

  it('is refused when it is not there, and given up for now when it is spoiled', async () => {
    const { layout, descriptor, parts } = await scratchImage();
    const store = await emptyStore();
    expect(await refusal(pull(store, `oci:${layout}@${NOWHERE}`))).toMatch(/^BASE_INVALID .*there is no such image/);
    const file = blobFile(layout, parts[1]?.digest ?? NOWHERE);
    await chmod(file, 0o644);
    await writeFile(file, (await readFile(file)).fill(1, 0, 1));
    expect(await refusal(pull(store, `oci:${layout}@${descriptor.digest}`))).toMatch(/^BASE_UNAVAILABLE /);
    expect(await store.hasBlob(descriptor.digest)).toBe(false);
  });

  it.each([
    ['node:22', 'it is not pinned'],
    ['docker.io/library/node:22', 'it is not pinned'],
    ['docker.io/library/node@sha256:12', 'is no digest'],
    [`node@${NOWHERE}`, 'it names no registry'],
    [`docker.io/Node@${NOWHERE}`, '"Node" cannot be a repository'],
    [`oci:@${NOWHERE}`, 'it names no layout'],
    [`https://docker.io/node@${NOWHERE}`, 'it names no registry'],
  ])('%s is no base: %s', async (reference, why) => {
    const said = await refusal(pull(await emptyStore(), reference));
    expect(said).toContain(`BASE_INVALID build.base ${reference}: `);
    expect(said).toContain(why);
  });
});

describe.skipIf(DOCKER_REGISTRY.command === null)('a base in a registry', () => {
  let registry: RegistryProcess;
  beforeAll(async () => {
    registry = await startRegistry(DOCKER_REGISTRY);
  });
  afterAll(() => registry?.stop());

  const host = (url: string): string => new URL(url).host;
  const pull = (store: ComponentStore, reference: string, more: { mostBytes?: number } = {}) =>
    pullBase(store, reference, { folder: '/', patience: HURRY, ...more });

  it('is copied whole, and not asked for again', async () => {
    const image = await scratchImage();
    const proxy = await scratchProxy(registry.url);
    await pushImage(scratchPlace(registry.url, 'bases/node'), image);
    const store = await emptyStore();
    const reference = `${host(proxy.url)}/bases/node:22@${image.descriptor.digest}`;
    expect(await pull(store, reference)).toEqual(image.descriptor);
    for (const { digest, size } of image.parts) expect((await store.getBlob(digest)).byteLength).toBe(size);
    const asked = proxy.seen.length;
    expect(await pull(store, reference)).toEqual(image.descriptor);
    expect(proxy.seen).toHaveLength(asked);
  });

  it('is refused when it is another kind of thing, and said what to name instead', async () => {
    const image = await scratchImage();
    const place = scratchPlace(registry.url, 'bases/index');
    const { digest, size, mediaType } = await pushImage(place, image);
    const platforms = [{ mediaType, digest, size, platform: { os: 'linux', architecture: 'amd64' } }];
    const index = await put(place, 'application/vnd.oci.image.index.v1+json', {
      schemaVersion: 2,
      manifests: platforms,
    });
    const store = await emptyStore();
    const name = `${host(registry.url)}/bases/index`;
    expect(await refusal(pull(store, `${name}@${index}`))).toContain(
      `pin ${digest}, which is its image for linux/amd64`,
    );
    expect(await refusal(pull(store, `${name}@${NOWHERE}`))).toMatch(/^BASE_INVALID .*there is no such image/);
    expect(await refusal(pull(store, `${name}@${digest}`, { mostBytes: 1000 }))).toMatch(
      /^BASE_INVALID .*expected at most 1000/,
    );
    const strange = { ...image.manifest, layers: [{ ...image.manifest.layers[0], mediaType: 'text/plain' }] };
    const plain = await put(place, MEDIA_TYPE.manifest, strange);
    expect(await refusal(pull(store, `${name}@${plain}`))).toMatch(/^BASE_INVALID .*its layer 0 is a text\/plain/);
  });

  it('is unavailable when its registry is away, or gives other bytes', async () => {
    const image = await scratchImage();
    await pushImage(scratchPlace(registry.url, 'bases/away'), image);
    const proxy = await scratchProxy(registry.url);
    const reference = `${host(proxy.url)}/bases/away@${image.descriptor.digest}`;
    proxy.fault = ({ path }) => (path.includes('/blobs/') ? { flip: true } : null);
    expect(await refusal(pull(await emptyStore(), reference))).toMatch(/^BASE_UNAVAILABLE .*bytes that hash to/);
    proxy.fault = () => ({ flip: true });
    expect(await refusal(pull(await emptyStore(), reference))).toMatch(/^BASE_UNAVAILABLE .*bytes that hash to/);
    proxy.fault = () => ({ status: 503 });
    expect(await refusal(pull(await emptyStore(), reference))).toMatch(/^BASE_UNAVAILABLE .*503.*asked again later/);
    proxy.fault = () => ({ status: 403 });
    expect(await refusal(pull(await emptyStore(), reference))).toMatch(
      /^BASE_UNAVAILABLE .*403.*let this machine pull/,
    );
  });

  async function put(place: Place, mediaType: string, document: object): Promise<string> {
    const bytes = Buffer.from(JSON.stringify({ mediaType, ...document }));
    await putManifest(place, sha256Of(bytes), { mediaType, bytes });
    return sha256Of(bytes);
  }
});
