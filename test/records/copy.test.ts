import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { copyNames } from '../../src/artifacts/copy.ts';
import { readOciManifest } from '../../src/artifacts/oci.ts';
import { sealBlob } from '../../src/artifacts/sealed.ts';
import type { ArtifactStore, ComponentStore } from '../../src/artifacts/store.ts';
import { hexOf, type Digest } from '../../src/contract/digest.ts';
import { namesOfRelease } from '../../src/records/release-names.ts';
import { verifyDeployment } from '../../src/records/verify.ts';
import { DOCKER_REGISTRY, startRegistry, type RegistryProcess } from '../registry/registry-process.ts';
import { wholeStore } from '../registry/scratch.ts';
import { createTarget } from './deployments.ts';
import { TARGET } from './plan.ts';
import { openStore, type ScratchStore } from './scratch.ts';

/** Three deployments of three releases; the third failed where it was live. */
let original: ScratchStore;
let from: ComponentStore;
let second: Digest;
beforeAll(async () => {
  original = await openStore();
  const target = createTarget(original.artifacts);
  await target.deploy();
  const { record } = await target.deploy();
  await target.deploy({ ends: { stage: 'post-deploy-verification', code: 'SMOKE_FAILED', restored: 'restored' } });
  from = original.artifacts.component(TARGET.component);
  second = record.artifact?.digest ?? 'sha256:';
});
afterAll(() => original.remove());

const copy = async (to: ComponentStore, names?: readonly string[], source = from) =>
  copyNames({ from: source, to, names: names ?? (await source.names('')), told: () => undefined });

const verdictsIn = async (artifacts: ArtifactStore, ...numbers: number[]): Promise<unknown[]> =>
  Promise.all(
    numbers.map(async (n) => (await verifyDeployment(artifacts, `staging/${TARGET.component}/${n}`)).verdict),
  );

describe('a copy of a store on disk', () => {
  test('has every name and every byte, and each of its deployments is VALID there; again, nothing is brought', async () => {
    const there = await openStore();
    const to = there.artifacts.component(TARGET.component);
    const counted = await copy(to);
    expect(await to.names('')).toEqual(await from.names(''));
    expect(counted.names).toBe((await from.names('')).length);
    expect(await verdictsIn(there.artifacts, 1, 2, 3)).toEqual(['VALID', 'VALID', 'VALID']);
    expect(await copy(to)).toMatchObject({ brought: 0, bytes: 0 });
    await there.remove();
  });

  test('of one release has what its deployment is judged by, and no other release', async () => {
    const there = await openStore();
    const to = there.artifacts.component(TARGET.component);
    await copy(to, await namesOfRelease(from, second));
    expect(await verdictsIn(there.artifacts, 2)).toEqual(['VALID']);
    const digests = await Promise.all((await from.names('2')).map(async (name) => (await from.resolve(name))?.digest));
    expect(digests).toHaveLength(3);
    for (const digest of digests) expect(await to.hasBlob(digest ?? second)).toBe(digest === second);
    expect(await namesOfRelease(from, `sha256:${'0'.repeat(64)}`)).toEqual([]);
    await there.remove();
  });

  test('that was cut is finished by the next one', async () => {
    const there = await openStore();
    const to = there.artifacts.component(TARGET.component);
    let claims = 0;
    const cut: ComponentStore = {
      ...to,
      claim: (name, descriptor) => ((claims += 1) > 5 ? Promise.reject(new Error('cut')) : to.claim(name, descriptor)),
    };
    await expect(copy(cut)).rejects.toThrow('cut');
    expect((await copy(to)).present).toBeGreaterThan(0);
    expect(await verdictsIn(there.artifacts, 1, 2, 3)).toEqual(['VALID', 'VALID', 'VALID']);
    await there.remove();
  });

  test('moves no name that stands for something else there', async () => {
    const there = await openStore();
    const to = there.artifacts.component(TARGET.component);
    const about = { artifactType: 'application/vnd.slipway.test.v1', mediaType: 'text/plain' };
    await sealBlob({ store: to, name: 'record.staging.1', ...about, bytes: Buffer.from('another') });
    await expect(copy(to)).rejects.toMatchObject({
      code: 'ACT_REFUSED',
      message: expect.stringContaining('"record.staging.1" stands for'),
    });
    await there.remove();
  });
});

describe.skipIf(DOCKER_REGISTRY.command === null)('a copy in a registry', () => {
  let registry: RegistryProcess;
  beforeAll(async () => {
    registry = await startRegistry(DOCKER_REGISTRY);
  });
  afterAll(() => registry?.stop());

  test('is VALID there, lists at each image what is said of it, and back on disk it is what it was', async () => {
    const there = wholeStore(registry.url, { notary: from.notary });
    const to = there.component(TARGET.component);
    await copy(to);
    expect(await to.names('')).toEqual(await from.names(''));
    expect(await there.components()).toEqual([TARGET.component]);
    expect(await verdictsIn(there, 1, 2, 3)).toEqual(['VALID', 'VALID', 'VALID']);
    const listed = (await to.referrers(second)).map(({ digest }) => digest);
    expect(listed).toContain((await from.resolve('record.staging.2'))?.digest);
    const back = await openStore();
    await copy(back.artifacts.component(TARGET.component), undefined, to);
    expect(await verdictsIn(back.artifacts, 1, 2, 3)).toEqual(['VALID', 'VALID', 'VALID']);
    await back.remove();

    const hex = hexOf((await readOciManifest(from, second)).layers[0].digest);
    const file = join(registry.folder, 'data/docker/registry/v2/blobs/sha256', hex.slice(0, 2), hex, 'data');
    await writeFile(file, (await readFile(file)).fill(1, 0, 1));
    await expect(copy(to)).rejects.toMatchObject({ code: 'ARTIFACT_CORRUPT' });
  });
});
