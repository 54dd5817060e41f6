import { expect, test } from 'vitest';
import { readSealedBlob, sealBlob } from '../../src/artifacts/sealed.ts';
import type { ComponentStore } from '../../src/artifacts/store.ts';
import { readOciManifest } from '../../src/artifacts/oci.ts';
import { refuseQuarantined, setQuarantine } from '../../src/records/acts.ts';
import { DOCUMENT } from '../../src/records/document-types.ts';
import { nameOf } from '../../src/records/names.ts';
import { readProvenance, sealProvenance } from '../../src/records/provenance.ts';
import { readDegradation, sealDegradation } from '../../src/records/watch.ts';
import { originOf, storeImage, type StoredImage } from './made-up.ts';
import { TARGET } from './plan.ts';
import { handsOn, scratchStore } from './scratch.ts';

/** Documents by which no deployment is judged, so that `verify` reads none of them: whoever acts by one reads all of it. */
interface Kind {
  readonly name: (image: StoredImage) => string;
  readonly seal: (store: ComponentStore, image: StoredImage) => Promise<unknown>;
  readonly read: (store: ComponentStore, image: StoredImage) => Promise<unknown>;
}

const ID = 'staging/storefront/1';
const DEFINITION = `sha256:${'d'.repeat(64)}` as const;
const [startedAt, finishedAt] = ['2026-11-23T09:00:00.000Z', '2026-11-23T09:00:01.000Z'];

const KINDS: Readonly<Record<string, Kind>> = {
  'the provenance that a build is adopted by': {
    name: () => nameOf.build(DEFINITION, 'bwrap'),
    seal: (store, { release, layer, sbom, descriptor }) => {
      const origin = originOf(ID, sbom, finishedAt);
      const built = { release, adopted: false, definition: DEFINITION, sandbox: 'bwrap', origin } as const;
      return sealProvenance(store, { ...built, builds: [layer, layer] }, descriptor);
    },
    read: (store) => readProvenance(store, DEFINITION, TARGET.environment),
  },
  'a quarantine': {
    name: ({ release }) => nameOf.quarantine(release.digest, 1),
    seal: (store, { release: { digest } }) =>
      setQuarantine(store, { kind: 'quarantine', digest, by: 'slipway', reason: 'it was bad' }, ID),
    read: (store, { release }) =>
      refuseQuarantined(store, release.digest).catch((error: { code: string }) => {
        if (error.code !== 'QUARANTINED') throw error;
        return 'refused';
      }),
  },
  'that a release degraded while it was watched': {
    name: () => nameOf.watch(ID),
    seal: (store, { release: { digest }, descriptor }) =>
      sealDegradation(store, { deploymentId: ID, digest, startedAt, finishedAt, verdict: {} }, descriptor),
    read: (store) => readDegradation(store, ID),
  },
  'a history': {
    name: () => nameOf.history(ID),
    seal: (store) => {
      const history = { artifactType: DOCUMENT.history, mediaType: 'application/gzip', bytes: Buffer.from('what was') };
      return sealBlob({ store, name: nameOf.history(ID), ...history });
    },
    read: (store) => readSealedBlob(store, nameOf.history(ID)),
  },
};

test.each(Object.keys(KINDS))('a byte of it was changed: %s is not gone by', async (kind) => {
  const { name, seal, read } = KINDS[kind]!;
  const { path, artifacts } = await scratchStore();
  const store = artifacts.component(TARGET.component);
  const image = await storeImage(artifacts, 'version 1');
  await seal(store, image);
  expect(await read(store, image)).not.toBeNull();

  const manifest = (await store.resolve(name(image)))!.digest;
  const { layers } = await readOciManifest(store, manifest);
  const hands = handsOn(path, TARGET.component);
  for (const digest of [layers[0].digest, manifest]) {
    await hands.flip(digest);
    await expect(read(store, image)).rejects.toMatchObject({ code: 'ARTIFACT_CORRUPT' });
    await hands.flip(digest);
    expect(await read(store, image)).not.toBeNull();
  }
});
