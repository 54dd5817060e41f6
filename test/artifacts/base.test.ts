import { execFileSync } from 'node:child_process';
import { lstat, readdir, readlink, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { assembleImage, readManifest, unpackImage, verifyImage } from '../../src/artifacts/image.ts';
import type { OciConfig } from '../../src/artifacts/image-config.ts';
import { MEDIA_TYPE, readJson, readOciManifest } from '../../src/artifacts/oci.ts';
import type { ComponentStore } from '../../src/artifacts/store.ts';
import { putBase, type Changes } from './bases.ts';
import { MANIFEST, SOURCE, writeBuild } from './parts.ts';
import { blobFile, scratchFolder, scratchStore } from './scratch.ts';

const MISSING = `sha256:${'0'.repeat(64)}` as const;

async function onBase(store: ComponentStore, changes: Changes = {}) {
  const folder = await scratchFolder();
  await writeBuild(folder, 'plain');
  const base = await putBase(store, changes);
  return { folder, base, image: await assembleImage({ store, folder, manifest: MANIFEST, base, source: SOURCE }) };
}

describe('an image on a base', () => {
  it('has the layers of the base, and then its own', async () => {
    const { store } = await scratchStore();
    const { base, image } = await onBase(store);
    const own = await readOciManifest(store, image.digest);
    const below = await readOciManifest(store, base.descriptor.digest);
    expect(own.layers).toEqual([
      ...below.layers,
      { mediaType: MEDIA_TYPE.layer, digest: image.layer, size: image.size },
    ]);
    expect(own.annotations).toEqual({
      'org.opencontainers.image.base.name': 'registry.example/base:1',
      'org.opencontainers.image.base.digest': base.descriptor.digest,
    });
    await verifyImage(store, image.digest);
    expect(await readManifest(store, image.digest)).toEqual(MANIFEST);
  });

  it('is for the machine of the base, in its environment, and runs as the component says', async () => {
    const { store } = await scratchStore();
    const { base, image } = await onBase(store);
    const { config: described } = await readOciManifest(store, image.digest);
    const config = (await readJson(store, described.digest)) as OciConfig;
    const below = (await readJson(
      store,
      (await readOciManifest(store, base.descriptor.digest)).config.digest,
    )) as OciConfig;
    const { Labels: labels, ...rest } = config.config;
    expect({ ...config, config: rest }).toEqual({
      created: '2026-11-23T12:00:00.000Z',
      architecture: 'arm64',
      variant: 'v8',
      os: 'linux',
      config: {
        User: '65532:65532',
        ExposedPorts: { '8080/tcp': {} },
        Env: ['PATH=/usr/bin', 'NODE_VERSION=22', 'GREETING=a=b', 'LOG_LEVEL=info', 'PORT=8080'],
        Entrypoint: ['node', 'server.mjs'],
        WorkingDir: '/app',
      },
      rootfs: { type: 'layers', diff_ids: [...below.rootfs.diff_ids, image.layer] },
      history: [...(below.history ?? []), { created: '2026-11-23T12:00:00.000Z', created_by: 'slipway: storefront' }],
    });
    expect(Object.keys(labels).filter((label) => label.startsWith('org.'))).toEqual([
      'org.opencontainers.image.created',
      'org.opencontainers.image.revision',
      'org.opencontainers.image.source',
      'org.opencontainers.image.base.name',
      'org.opencontainers.image.base.digest',
    ]);
  });

  it('leaves the tree of the base alone: a folder of its own named bin is no folder of the base', async () => {
    const { store, layout } = await scratchStore();
    const folder = await scratchFolder();
    await writeBuild(join(folder, 'bin'), 'plain');
    const base = await putBase(store);
    const image = await assembleImage({ store, folder, manifest: MANIFEST, base, source: SOURCE });
    const root = await scratchFolder();
    const { layers } = await readOciManifest(store, image.digest);
    for (const layer of layers) execFileSync('tar', ['-xf', blobFile(layout, layer.digest), '-C', root]);
    expect(await readlink(join(root, 'bin'))).toBe('usr/bin');
    expect((await lstat(join(root, 'app/bin/server.mjs'))).mode & 0o7777).toBe(0o755);
  });

  it('is unpacked without the base, as the files that were built', async () => {
    const { store, path } = await scratchStore();
    const { folder, image } = await onBase(store);
    await unpackImage(store, image.digest, join(path, 'unpacked'));
    const differences = execFileSync('diff', ['-r', '--no-dereference', folder, join(path, 'unpacked')]);
    expect(differences.toString()).toBe('');
  });

  it.each([
    ['a zip bomb', () => gzipSync(Buffer.alloc(64 * 2 ** 20))],
    ['no gzip at all', () => Buffer.from('x')],
  ])('is not harmed by a layer of the base that is %s: nobody here unpacks it', async (_what, layer) => {
    const { store, path } = await scratchStore();
    const bomb = { mediaType: MEDIA_TYPE.gzipLayer, ...(await store.putBlob(layer())) };
    const { folder, image } = await onBase(store, {
      config: { rootfs: { diff_ids: [MISSING] } },
      manifest: () => ({ layers: [bomb] }),
    });
    await verifyImage(store, image.digest);
    await unpackImage(store, image.digest, join(path, 'unpacked'));
    expect(await readdir(join(path, 'unpacked'))).toEqual(await readdir(folder));
  });

  it('is the same bytes each time, and others on another base', async () => {
    const { store } = await scratchStore();
    const { image } = await onBase(store);
    expect((await onBase(store)).image).toEqual(image);
    const other = await onBase(store, { config: { author: 'somebody else' } });
    expect(other.image.layer).toBe(image.layer);
    expect(other.image.digest).not.toBe(image.digest);
  });

  it('takes a base in Docker’s form, one whose Env is null, and one whose history does not fit', async () => {
    const { store } = await scratchStore();
    const types: Record<string, string> = {
      [MEDIA_TYPE.layer]: 'application/vnd.docker.image.rootfs.diff.tar',
      [MEDIA_TYPE.gzipLayer]: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
    };
    const { image } = await onBase(store, {
      config: { config: { Env: null }, history: [{ created_by: 'once' }] },
      manifest: ({ config, layers }) => ({
        mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
        config: { ...config, mediaType: 'application/vnd.docker.container.image.v1+json' },
        layers: layers.map((layer) => ({ ...layer, mediaType: types[layer.mediaType] })),
      }),
    });
    const { layers, config } = await readOciManifest(store, image.digest);
    expect(layers.map(({ mediaType }) => mediaType)).toEqual([
      MEDIA_TYPE.layer,
      MEDIA_TYPE.gzipLayer,
      MEDIA_TYPE.layer,
    ]);
    expect(await readJson(store, config.digest)).not.toHaveProperty('history');
    await verifyImage(store, image.digest);
  });
});

const INVALID: readonly (readonly [string, Changes, RegExp])[] = [
  [
    'an index',
    { manifest: () => ({ mediaType: 'application/vnd.oci.image.index.v1+json', manifests: [] }) },
    /it is an index of 0 images, not one of them; pin one that it lists: it has none for linux\/amd64/,
  ],
  ['another schema', { manifest: () => ({ schemaVersion: 1 }) }, /its schemaVersion is 1, not 2/],
  ['a manifest of another kind', { manifest: () => ({ mediaType: 'x' }) }, /its mediaType is "x", not application/],
  ['no layers', { manifest: () => ({ layers: [] }) }, /it lists no layers/],
  [
    'a config of something that is no image',
    { manifest: ({ config }) => ({ config: { ...config, mediaType: 'application/vnd.cncf.helm.config.v1+json' } }) },
    /its config is "application\/vnd\.cncf\.helm\.config\.v1\+json": it is no image/,
  ],
  [
    'a layer in zstd',
    {
      manifest: ({ layers }) => ({
        layers: layers.map((layer) => ({ ...layer, mediaType: `${MEDIA_TYPE.layer}+zstd` })),
      }),
    },
    /its layer sha256:\w+ is "application\/vnd\.oci\.image\.layer\.v1\.tar\+zstd", expected a tar, plain or gzip/,
  ],
  [
    'a layer listed twice',
    { manifest: ({ layers }) => ({ layers: [...layers, layers[0]] }) },
    /its layers\[2\] lists sha256:\w+ a second time/,
  ],
  [
    'its config listed as a layer',
    { manifest: ({ config, layers }) => ({ layers: [...layers, config] }) },
    /lists sha256:\w+ a second time/,
  ],
  [
    'a digest of another algorithm',
    { manifest: ({ layers }) => ({ layers: [{ ...layers[0], digest: `sha512:${'a'.repeat(128)}` }] }) },
    /its layers\[0\] has the digest "sha512:a+…, not sha256:/,
  ],
  [
    'a negative size',
    { manifest: ({ config }) => ({ config: { ...config, size: -1 } }) },
    /its config has the size -1/,
  ],
  [
    'more layers than can be mounted',
    {
      manifest: ({ layers: [layer] }) => ({
        layers: Array.from({ length: 127 }, (_, n) => ({ ...layer, digest: `sha256:${String(n).padStart(64, '0')}` })),
      }),
    },
    /it has 127 layers, more than 126/,
  ],
  ['windows', { config: { os: 'windows' } }, /it is for the system "windows", not linux/],
  ['no system', { config: { os: undefined } }, /it is for the system missing, not linux/],
  ['no architecture', { config: { architecture: 5 } }, /its config says for the architecture 5/],
  ['no diff_ids', { config: { rootfs: { type: 'layers' } } }, /its config has no diff_ids that are digests/],
  ['too few diff_ids', { config: { rootfs: { diff_ids: [MISSING] } } }, /its config has 1 diff_ids for 2 layers/],
  [
    'the diff_ids of another layer',
    { config: { rootfs: { diff_ids: [MISSING, MISSING] } } },
    /its diff_ids\[0\] is not that of its layer/,
  ],
  ['an Env that is no list', { config: { config: { Env: 'PATH=/' } } }, /its Env is no list of texts/],
];

describe('nothing is built on', () => {
  it.each(INVALID)('%s', async (_what, changes, said) => {
    const { store } = await scratchStore();
    const message = expect.stringMatching(said);
    await expect(onBase(store, changes)).rejects.toMatchObject({ code: 'BASE_INVALID', message });
  });

  it.each([
    [
      'a layer that has another size',
      (size: number) => size + 1,
      /has \d+ bytes, not the \d+ that its descriptor says/,
    ],
    ['a layer that has more bytes', () => 10, /has more than the 10 bytes that its descriptor says/],
  ])('%s', async (_what, sized, said) => {
    const { store } = await scratchStore();
    const wrong: Changes = {
      manifest: ({ layers }) => ({ layers: layers.map((layer) => ({ ...layer, size: sized(layer.size) })) }),
    };
    await expect(onBase(store, wrong)).rejects.toMatchObject({
      code: 'ARTIFACT_CORRUPT',
      message: expect.stringMatching(said),
    });
  });

  it('what was lost from the store', async () => {
    const { store, layout } = await scratchStore();
    const base = await putBase(store);
    const { layers } = await readOciManifest(store, base.descriptor.digest);
    await rm(blobFile(layout, layers[0].digest));
    const folder = await scratchFolder();
    await writeFile(join(folder, 'server.mjs'), '');
    await expect(assembleImage({ store, folder, manifest: MANIFEST, base, source: SOURCE })).rejects.toMatchObject({
      code: 'ARTIFACT_CORRUPT',
      message: expect.stringContaining(`blob ${layers[0].digest} is missing`),
    });
  });

  it('the component itself', async () => {
    const { store } = await scratchStore();
    const { folder, image } = await onBase(store);
    const base = { name: 'own', descriptor: image.descriptor };
    await expect(assembleImage({ store, folder, manifest: MANIFEST, base, source: SOURCE })).rejects.toMatchObject({
      code: 'BASE_INVALID',
      message: expect.stringContaining("already has this component's layer"),
    });
  });
});
