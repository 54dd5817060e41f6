import { readFile, writeFile, chmod } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLayoutStore } from '../../src/artifacts/layout.ts';
import { MEDIA_TYPE } from '../../src/artifacts/oci.ts';
import type { ComponentStore } from '../../src/artifacts/store.ts';
import { pullBase } from '../../src/bases/pull.ts';
import { codeOf } from '../../src/contract/failure.ts';
import { parseBaseReference, type BaseReference } from '../../src/config/base-reference.ts';
import { digestOf } from '../../src/digest-of.ts';
import { putManifest } from '../../src/registry/manifests.ts';
import type { Place } from '../../src/registry/place.ts';
import { blobFile, scratchFolder } from '../artifacts/scratch.ts';
import { DOCKER_REGISTRY, startRegistry, type RegistryProcess } from '../registry/registry-process.ts';
import { HURRY, pushImage, scratchImage, scratchPlace, scratchProxy } from '../registry/scratch.ts';

const NOWHERE = `sha256:${'0'.repeat(64)}` as const;

async function emptyStore(): Promise<ComponentStore> {
  return createLayoutStore({ path: await scratchFolder() }).component('web');
}

/** As it was checked when the component's manifest was read. */
function read(text: string): BaseReference {
  const parsed = parseBaseReference(text);
  if ('kind' in parsed) return parsed;
  throw new Error(`${text} is no reference`);
}

async function refusal(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => new Error('it was taken'),
    (thrown: unknown) => thrown,
  );
  return `${codeOf(error)} ${(error as Error).message}`;
}

describe('a base in a layout on disk', () => {
  const pull = (store: ComponentStore, layout: string, digest: string) =>
    pullBase(store, read(`oci:./${basename(layout)}@${digest}`), { folder: dirname(layout), patience: HURRY });

  it('is copied whole, by a path from the platform’s folder', async () => {
    const { layout, descriptor, parts, bytes } = await scratchImage();
    const store = await emptyStore();
    expect(await pull(store, layout, descriptor.digest)).toEqual(descriptor);
    expect(await store.getBlob(descriptor.digest)).toEqual(bytes);
    for (const { digest, size } of parts) expect((await store.getBlob(digest)).byteLength).toBe(size);
  });

  it('is refused when it is not there, and given up for now when it is spoiled', async () => {
    const { layout, descriptor, parts } = await scratchImage();
    const store = await emptyStore();
    expect(await refusal(pull(store, layout, NOWHERE))).toMatch(/^BASE_INVALID .*there is no such image/);
    const file = blobFile(layout, parts[1]?.digest ?? NOWHERE);
    await chmod(file, 0o644);
    await writeFile(file, (await readFile(file)).fill(1, 0, 1));
    expect(await refusal(pull(store, layout, descriptor.digest))).toMatch(/^BASE_UNAVAILABLE /);
    expect(await store.hasBlob(descriptor.digest)).toBe(false);
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
    pullBase(store, read(reference), { folder: '/', patience: HURRY, ...more });

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
    expect(await refusal(pull(store, `${name}@${plain}`))).toMatch(
      /^BASE_INVALID .*its layer sha256:\w+ is "text\/plain"/,
    );
    const twice = { ...image.manifest, layers: [...image.manifest.layers, ...image.manifest.layers] };
    const doubled = await put(place, MEDIA_TYPE.manifest, twice);
    expect(await refusal(pull(store, `${name}@${doubled}`))).toMatch(/^BASE_INVALID .*a second time/);
    expect(await store.hasBlob(image.manifest.config.digest)).toBe(false);
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
      /^BASE_UNAVAILABLE .*403.*bases are pulled without credentials/,
    );
  });

  async function put(place: Place, mediaType: string, document: object): Promise<string> {
    const bytes = Buffer.from(JSON.stringify({ mediaType, ...document }));
    await putManifest(place, digestOf(bytes), { mediaType, bytes });
    return digestOf(bytes);
  }
});
