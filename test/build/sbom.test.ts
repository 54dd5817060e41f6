import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Validation, Spec } from '@cyclonedx/cyclonedx-library';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { assembleImage } from '../../src/artifacts/image.ts';
import { readSealedBlob } from '../../src/artifacts/sealed.ts';
import { sbomOf } from '../../src/build/sbom/sbom.ts';
import type { Digest } from '../../src/contract/digest.ts';
import { nameOf } from '../../src/records/names.ts';
import { namesOfRelease } from '../../src/records/release-names.ts';
import { attachSbom } from '../../src/records/sbom.ts';
import { MANIFEST, SOURCE, writeBuild } from '../artifacts/parts.ts';
import { scratchFolder, scratchStore } from '../artifacts/scratch.ts';
import { file } from './checkout.ts';

const DIGEST: Digest = `sha256:${'4f'.repeat(32)}`;
const BASE: Digest = `sha256:${'b5'.repeat(32)}`;
const ARTIFACT = {
  component: 'storefront',
  version: '20261123.4f0c1d2e3a4b.9e107d9d',
  digest: DIGEST,
  committedAt: 1_790_000_000,
  base: null,
  files: [],
  folder: 'shop',
};
const integrity = `sha512-${Buffer.alloc(64, 7).toString('base64')}`;

/** A lock file as npm writes it, with all kinds of entries. */
const PACKAGES = {
  '': {
    name: 'shop',
    version: '1.0.0',
    dependencies: { a: '^1.0.0', alias: 'npm:other@2.0.0' },
    devDependencies: { tool: '1.0.0' },
    optionalDependencies: { chip: '1.0.0', missing: '1.0.0' },
  },
  'node_modules/a': {
    version: '1.0.0',
    integrity,
    license: 'MIT',
    dependencies: { '@kiln/b': '^1.0.0' },
    peerDependencies: { tool: '*' },
  },
  'node_modules/a/node_modules/@kiln/b': { version: '1.0.0', integrity, license: 'made up' },
  'node_modules/@kiln/b': { version: '2.0.0', integrity },
  'node_modules/alias': { name: 'other', version: '2.0.0', integrity, dependencies: { '@kiln/b': '2.0.0' } },
  'node_modules/chip': { version: '1.0.0', integrity, optional: true, bundleDependencies: ['within'] },
  'node_modules/chip/node_modules/within': { version: '1.0.0', inBundle: true, optional: true },
  'node_modules/tool': { version: '1.0.0', integrity, dev: true, dependencies: { a: '1.0.0' } },
  'node_modules/tool/node_modules/a': { version: '1.0.0', integrity, dev: true },
};

const lockFile = (packages: object, name = 'package-lock.json') =>
  file(`shop/${name}`, JSON.stringify({ lockfileVersion: 3, packages }));

interface Document {
  readonly metadata: { readonly timestamp: string; readonly component: Record<string, unknown> };
  readonly components: readonly { readonly 'bom-ref': string; readonly [key: string]: unknown }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
}
const read = (bytes: Buffer): Document => JSON.parse(bytes.toString());

/** What CycloneDX's own schema says against it; null for nothing. */
async function wrongIn(bytes: Buffer): Promise<unknown> {
  return await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(bytes.toString());
}

describe('an SBOM', () => {
  const base = { reference: `docker.io/library/node:22-slim@${BASE}`, digest: BASE };
  const whole = () => sbomOf({ ...ARTIFACT, base, files: [lockFile(PACKAGES)] });

  test('is what CycloneDX takes for one', async () => {
    expect(await wrongIn(whole())).toBeNull();
    expect(await wrongIn(sbomOf(ARTIFACT))).toBeNull();
    expect(await wrongIn(Buffer.from(whole().toString().replaceAll('bom-ref', 'ref')))).not.toBeNull();
  });

  test('names the artifact that it is about, and its base image', () => {
    const { metadata, components, dependencies } = read(sbomOf({ ...ARTIFACT, base }));
    expect(metadata).toMatchObject({
      timestamp: '2026-09-21T14:13:20.000Z',
      component: {
        type: 'application',
        name: 'storefront',
        version: ARTIFACT.version,
        purl: `pkg:oci/storefront@${DIGEST}`,
        hashes: [{ alg: 'SHA-256', content: '4f'.repeat(32) }],
      },
    });
    expect(components).toEqual([
      expect.objectContaining({
        type: 'container',
        name: 'docker.io/library/node:22-slim',
        purl: `pkg:oci/node@${BASE}`,
        hashes: [{ alg: 'SHA-256', content: 'b5'.repeat(32) }],
      }),
    ]);
    expect(dependencies).toContainEqual({ ref: 'storefront', dependsOn: [components[0]?.['bom-ref']] });
  });

  test('names everything in the lock file, with its hash, its scope, and who depends on whom', () => {
    const { components, dependencies } = read(sbomOf({ ...ARTIFACT, files: [lockFile(PACKAGES)] }));
    const hashes = [{ alg: 'SHA-512', content: '07'.repeat(64) }];
    expect(components).toEqual([
      {
        type: 'library',
        group: '@kiln',
        name: 'b',
        version: '1.0.0',
        'bom-ref': '@kiln/b@1.0.0',
        scope: 'required',
        hashes,
        licenses: [{ license: { name: 'made up' } }],
        purl: 'pkg:npm/%40kiln/b@1.0.0',
      },
      {
        type: 'library',
        group: '@kiln',
        name: 'b',
        version: '2.0.0',
        'bom-ref': '@kiln/b@2.0.0',
        scope: 'required',
        hashes,
        purl: 'pkg:npm/%40kiln/b@2.0.0',
      },
      {
        type: 'library',
        name: 'a',
        version: '1.0.0',
        'bom-ref': 'a@1.0.0',
        scope: 'required',
        hashes,
        licenses: [{ license: { id: 'MIT' } }],
        purl: 'pkg:npm/a@1.0.0',
      },
      {
        type: 'library',
        name: 'chip',
        version: '1.0.0',
        'bom-ref': 'chip@1.0.0',
        scope: 'optional',
        hashes,
        purl: 'pkg:npm/chip@1.0.0',
      },
      {
        type: 'library',
        name: 'other',
        version: '2.0.0',
        'bom-ref': 'other@2.0.0',
        scope: 'required',
        hashes,
        purl: 'pkg:npm/other@2.0.0',
      },
      {
        type: 'library',
        name: 'tool',
        version: '1.0.0',
        'bom-ref': 'tool@1.0.0',
        scope: 'excluded',
        hashes,
        purl: 'pkg:npm/tool@1.0.0',
        properties: [{ name: 'cdx:npm:package:development', value: 'true' }],
      },
      {
        type: 'library',
        name: 'within',
        version: '1.0.0',
        'bom-ref': 'within@1.0.0',
        scope: 'optional',
        purl: 'pkg:npm/within@1.0.0',
      },
    ]);
    expect(Object.fromEntries(dependencies.map(({ ref, dependsOn }) => [ref, dependsOn]))).toEqual({
      storefront: ['a@1.0.0', 'chip@1.0.0', 'other@2.0.0', 'tool@1.0.0'],
      'a@1.0.0': ['@kiln/b@1.0.0', 'tool@1.0.0'],
      'other@2.0.0': ['@kiln/b@2.0.0'],
      'tool@1.0.0': ['a@1.0.0'],
      '@kiln/b@1.0.0': undefined,
      '@kiln/b@2.0.0': undefined,
      'chip@1.0.0': undefined,
      'within@1.0.0': undefined,
    });
  });

  test('of a lock file as large as this repository’s own leaves nothing out', async () => {
    const own = readFileSync(join(import.meta.dirname, '../../package-lock.json'));
    const { packages } = JSON.parse(own.toString()) as { packages: Record<string, { name?: string; version: string }> };
    const bytes = sbomOf({ ...ARTIFACT, files: [{ path: 'shop/package-lock.json', mode: 'file', content: own }] });
    expect(await wrongIn(bytes)).toBeNull();
    const names = Object.entries(packages).flatMap(([path, { name, version }]) =>
      path === '' ? [] : [`${name ?? path.replace(/^.*node_modules\//, '')}@${version}`],
    );
    expect(read(bytes).components.map((component) => component['bom-ref'])).toEqual([...new Set(names)].toSorted());
  });

  test('has the same bytes in another zone, at another time, and whatever order the lock file is in', () => {
    const before = whole();
    vi.useFakeTimers({ now: Date.UTC(2031, 1, 1) });
    vi.stubEnv('TZ', 'Pacific/Auckland');
    onTestFinished(() => {
      vi.useRealTimers();
      vi.unstubAllEnvs();
    });
    expect(whole().equals(before)).toBe(true);
    const turned = Object.fromEntries(Object.entries(PACKAGES).toReversed());
    expect(sbomOf({ ...ARTIFACT, base, files: [lockFile(turned)] }).equals(before)).toBe(true);
  });

  test('reads the lock file that npm would, and leaves out one that nobody can read', () => {
    const files = [lockFile({ '': {} }), lockFile(PACKAGES, 'npm-shrinkwrap.json')];
    expect(read(sbomOf({ ...ARTIFACT, files })).components).toHaveLength(7);
    expect(sbomOf({ ...ARTIFACT, files: [file('shop/package-lock.json', '{')] }).equals(sbomOf(ARTIFACT))).toBe(true);
  });
});

describe('an SBOM is attached to its image', () => {
  async function storeImage() {
    const { store, layout } = await scratchStore();
    const folder = await scratchFolder();
    await writeBuild(folder, 'plain');
    return { store, layout, image: await assembleImage({ store, folder, manifest: MANIFEST, source: SOURCE }) };
  }

  test('under a name of its own, whatever somebody attached before: each stands', async () => {
    const { store, image } = await storeImage();
    const bytes = sbomOf({ ...ARTIFACT, digest: image.digest });
    const other = sbomOf(ARTIFACT);
    for (const each of [other, bytes, other]) {
      const digest = await attachSbom(store, image.descriptor, each);
      expect(await readSealedBlob(store, nameOf.sbom(image.digest, digest))).toEqual(each);
    }
    // Both are among what speaks of the image, which a copy of the release brings, and no registry sweeps away.
    const names = await namesOfRelease(store, image.digest);
    expect(names.filter((name) => name.startsWith('sbom.'))).toHaveLength(2);
  });

  test('so that oras shows it there', async ({ skip }) => {
    if (spawnSync('oras', ['version'], { stdio: 'ignore' }).error !== undefined) {
      skip('oras is not installed here: https://oras.land/docs/installation');
    }
    const { store, layout, image } = await storeImage();
    await attachSbom(store, image.descriptor, sbomOf({ ...ARTIFACT, digest: image.digest }));
    await store.claim('1.0.0', image.descriptor);
    const discover = ['discover', '--oci-layout', '--format', 'json', `${layout}@${image.digest}`];
    expect(execFileSync('oras', discover, { encoding: 'utf8' })).toContain('"application/vnd.cyclonedx+json"');
  });
});
