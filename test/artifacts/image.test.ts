import { chmod, readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { assembleImage, readManifest, verifyImage } from '../../src/artifacts/image.ts';
import type { OciConfig } from '../../src/artifacts/image-config.ts';
import { MEDIA_TYPE, putJson, readJson, readOciManifest, type SoundManifest } from '../../src/artifacts/oci.ts';
import { createLayoutStore } from '../../src/artifacts/layout.ts';
import type { ComponentStore } from '../../src/artifacts/store.ts';
import type { Digest } from '../../src/contract/digest.ts';
import { putBase } from './bases.ts';
import { MANIFEST, SOURCE, writeBuild } from './parts.ts';
import { blobFile, scratchFolder, scratchStore } from './scratch.ts';

async function built(store: ComponentStore, way: 'plain' | 'other' = 'plain') {
  const folder = await scratchFolder();
  await writeBuild(folder, way);
  return assembleImage({ store, folder, manifest: MANIFEST, source: SOURCE });
}

async function configIn(store: ComponentStore, image: Digest): Promise<OciConfig> {
  return (await readJson(store, (await readOciManifest(store, image)).config.digest)) as OciConfig;
}

describe('an image', () => {
  it('is the same bytes from two builds, and with the keys of its manifest in another order', async () => {
    const { store } = await scratchStore();
    const image = await built(store);
    expect(await built(store, 'other')).toEqual(image);
    const folder = await scratchFolder();
    await writeBuild(folder, 'plain');
    const manifest = Object.fromEntries(Object.entries(MANIFEST).reverse()) as typeof MANIFEST;
    expect(await assembleImage({ store, folder, manifest, source: SOURCE })).toEqual(image);
    // As for the layer: these are the very bytes.
    expect(image.digest).toBe('sha256:46578478847f186199c06883064c09ec3106665b6d976f418ee65e7004190d2c');
  });

  it('is an OCI image with what runs it, where it came from, and only the plain part of its environment', async () => {
    const { store } = await scratchStore();
    const image = await built(store);
    const manifest = await readOciManifest(store, image.digest);
    expect(manifest.layers[0]).toEqual({
      mediaType: 'application/vnd.oci.image.layer.v1.tar',
      digest: image.layer,
      size: image.size,
    });
    expect(await configIn(store, image.digest)).toMatchObject({
      created: '2026-11-23T12:00:00.000Z',
      architecture: 'amd64',
      os: 'linux',
      rootfs: { type: 'layers', diff_ids: [image.layer] },
      config: {
        Entrypoint: ['node', 'server.mjs'],
        Env: ['GREETING=a=b', 'LOG_LEVEL=info', 'PORT=8080'],
        User: '65532:65532',
        ExposedPorts: { '8080/tcp': {} },
        WorkingDir: '/',
        Labels: {
          'org.opencontainers.image.revision': SOURCE.revision,
          'org.opencontainers.image.source': 'shop',
          'org.opencontainers.image.created': '2026-11-23T12:00:00.000Z',
        },
      },
    });
  });

  it('says what slipway.yaml says of it, whatever the order of its labels', async () => {
    const { store } = await scratchStore();
    const folder = await scratchFolder();
    await writeBuild(folder, 'plain');
    const labels = {
      'org.opencontainers.image.title': 'The shop',
      'org.opencontainers.image.licenses': 'EUPL-1.2',
    };
    const settings = { user: '1000:1001', port: 9000, labels };
    const parts = { store, folder, manifest: MANIFEST, source: SOURCE };
    const { digest } = await assembleImage({ ...parts, settings });
    const { config } = await configIn(store, digest);
    expect(config).toMatchObject({ User: '1000:1001', ExposedPorts: { '9000/tcp': {} }, Labels: labels });
    expect(config.Env).toContain('PORT=9000');

    const reversed = Object.fromEntries(Object.entries(labels).reverse());
    expect((await assembleImage({ ...parts, settings: { ...settings, labels: reversed } })).digest).toBe(digest);
  });

  it('of an agent has no port', async () => {
    const { store } = await scratchStore();
    const folder = await scratchFolder();
    await writeBuild(folder, 'plain');
    const manifest = { ...MANIFEST, kind: 'agent' as const };
    const { config } = await configIn(store, (await assembleImage({ store, folder, manifest, source: SOURCE })).digest);
    expect(config).not.toHaveProperty('ExposedPorts');
    expect(config.Env.join()).not.toContain('PORT');
  });

  it('has no name until one is claimed', async () => {
    const { store } = await scratchStore();
    await built(store);
    expect(await store.names('')).toEqual([]);
  });

  it('carries its manifest to the later stages', async () => {
    const { store } = await scratchStore();
    expect(await readManifest(store, (await built(store)).digest)).toEqual(MANIFEST);
  });

  it('of another component is not read as one of this', async () => {
    const store = createLayoutStore({ path: await scratchFolder() }).component('catalog');
    const { digest } = await built(store);
    await expect(readManifest(store, digest)).rejects.toThrow(/of storefront, not of catalog/);
  });

  it.each([
    ['no config', async () => ({ mediaType: 'application/vnd.oci.image.manifest.v1+json', layers: [{}] })],
    ['no layer', async () => ({ mediaType: 'application/vnd.oci.image.manifest.v1+json', config: {}, layers: [] })],
    ['an index', async () => ({ mediaType: 'application/vnd.oci.image.index.v1+json', manifests: [] })],
    ['null', async () => null],
    [
      'a label that is not canonical',
      async (store: ComponentStore) => ({
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        config: await putJson(store, 'x', {
          config: { Labels: { 'dev.slipway.manifest': '{ "component":"storefront"}' } },
        }),
        layers: [{}],
      }),
    ],
  ])('that Slipway did not build is refused: %s', async (_what, document) => {
    const { store } = await scratchStore();
    const { digest } = await putJson(store, 'application/json', await document(store));
    await expect(readManifest(store, digest)).rejects.toMatchObject({ code: 'ARTIFACT_CORRUPT' });
  });
});

describe('an image whose bytes were changed in the store', () => {
  it.each(['manifest', 'config', 'layer', 'layer of its base'] as const)(
    'is found out by its %s, and the blob is named',
    async (which) => {
      const { store, layout } = await scratchStore();
      const folder = await scratchFolder();
      await writeBuild(folder, 'plain');
      const base = await putBase(store);
      const image = await assembleImage({ store, folder, manifest: MANIFEST, base, source: SOURCE });
      await verifyImage(store, image.digest);
      const { config, layers } = await readOciManifest(store, image.digest);
      const digest = {
        manifest: image.digest,
        config: config.digest,
        layer: image.layer,
        'layer of its base': layers[0].digest,
      }[which];
      const file = blobFile(layout, digest);
      const bytes = await readFile(file);
      bytes[bytes.length >> 1]! ^= 1;
      await chmod(file, 0o644);
      await writeFile(file, bytes);
      await expect(verifyImage(store, image.digest)).rejects.toMatchObject({
        code: 'ARTIFACT_CORRUPT',
        message: expect.stringContaining(digest),
      });
    },
  );
});

/** What a manifest is changed to, out of what it was. */
type Change = (right: SoundManifest, store: ComponentStore) => unknown;

const exchanged =
  (changed: (config: OciConfig) => unknown): Change =>
  async (right, store) => {
    const config = (await readJson(store, right.config.digest)) as OciConfig;
    return { ...right, config: await putJson(store, MEDIA_TYPE.config, changed(config)) };
  };

const CHANGES: readonly (readonly [string, Change, RegExp])[] = [
  ['of another schema', (right) => ({ ...right, schemaVersion: 1 }), /its schemaVersion is 1, not 2/],
  ['of a schema in text', (right) => ({ ...right, schemaVersion: '2' }), /its schemaVersion is "2", not 2/],
  ['of another kind', (right) => ({ ...right, mediaType: 'x' }), /its mediaType is "x", not application/],
  ['without a kind', (right) => ({ ...right, mediaType: undefined }), /its mediaType is missing, not application/],
  ['that is a list', () => [], /its schemaVersion is missing/],
  ['without a config', (right) => ({ ...right, config: undefined }), /its config has the mediaType missing/],
  ['without layers', (right) => ({ ...right, layers: undefined }), /it lists no layers/],
  ['with layers that are no list', (right) => ({ ...right, layers: right.layers[0] }), /it lists no layers/],
  ['with a layer that is null', (right) => ({ ...right, layers: [null] }), /its layers\[0\] has the mediaType missing/],
  [
    'with a blob listed twice',
    (right) => ({ ...right, layers: [...right.layers, right.layers[0]] }),
    /its layers\[1\] lists sha256:\w{64} a second time/,
  ],
  [
    'with its config as a layer too',
    (right) => ({ ...right, layers: [right.config, ...right.layers] }),
    /its layers\[0\] lists sha256:\w{64} a second time/,
  ],
  [
    'with layers for readers that do not mind case',
    (right) => ({ ...right, Layers: [{ ...right.layers[0], digest: `sha256:${'0'.repeat(64)}` }] }),
    /it has the key "Layers", which Slipway does not write/,
  ],
  [
    'with a digest in capitals',
    (right) => ({ ...right, layers: [{ ...right.layers[0], digest: right.layers[0].digest.toUpperCase() }] }),
    /its layers\[0\] has the digest "SHA256:\w+", not sha256: and 64 lower-case hex digits/,
  ],
  [
    'with a digest that is a path',
    (right) => ({ ...right, config: { ...right.config, digest: 'sha256:../../../etc/passwd' } }),
    /its config has the digest "sha256:..\/..\/..\/etc\/passwd"/,
  ],
  [
    'with a size of half a byte',
    (right) => ({ ...right, layers: [{ ...right.layers[0], size: 0.5 }] }),
    /its layers\[0\] has the size 0\.5/,
  ],
  [
    'with a layer said to be smaller',
    (right) => ({ ...right, layers: [{ ...right.layers[0], size: right.layers[0].size - 1 }] }),
    /it has more than the \d+ bytes that its descriptor says/,
  ],
  [
    'with a layer said to be larger',
    (right) => ({ ...right, layers: [{ ...right.layers[0], size: 2 ** 50 }] }),
    /it has \d+ bytes, not the 1125899906842624 that its descriptor says/,
  ],
  [
    'with a config said to be larger',
    (right) => ({ ...right, config: { ...right.config, size: right.config.size + 1 } }),
    /it has \d+ bytes, not \d+/,
  ],
  [
    'with a config of another kind',
    (right) => ({ ...right, config: { ...right.config, mediaType: MEDIA_TYPE.empty } }),
    /its config is "application\/vnd\.oci\.empty/,
  ],
  [
    'with a layer of its own that is compressed',
    (right) => ({ ...right, layers: [{ ...right.layers[0], mediaType: MEDIA_TYPE.gzipLayer }] }),
    /its layers\[0\] is "application\/vnd\.oci\.image\.layer\.v1\.tar\+gzip"/,
  ],
  [
    'with the config of another layer',
    exchanged((config) => ({ ...config, rootfs: { type: 'layers', diff_ids: [`sha256:${'0'.repeat(64)}`] } })),
    /its config is that of another layer/,
  ],
  [
    'with a config of more layers',
    exchanged(({ rootfs, ...config }) => ({
      ...config,
      rootfs: { diff_ids: [...rootfs.diff_ids, ...rootfs.diff_ids] },
    })),
    /its config has 2 diff_ids that should be digests of 1 layers/,
  ],
  [
    'with a config without layers',
    exchanged(() => null),
    /its config has 0 diff_ids that should be digests of 1 layers/,
  ],
];

describe('an image is refused when its manifest is one', () => {
  it.each(CHANGES)('%s', async (_what, change, said) => {
    const { store } = await scratchStore();
    const right = await readOciManifest(store, (await built(store)).digest);
    const { digest } = await putJson(store, MEDIA_TYPE.manifest, await change(right, store));
    await expect(verifyImage(store, digest)).rejects.toMatchObject({
      code: 'ARTIFACT_CORRUPT',
      message: expect.stringMatching(said),
    });
  });
});
