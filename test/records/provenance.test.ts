import { describe, expect, test } from 'vitest';
import { createLayoutStore } from '../../src/artifacts/layout.ts';
import { sealDocument } from '../../src/artifacts/sealed.ts';
import type { Statement } from '../../src/contract/envelope.ts';
import { provenanceStatement } from '../../src/contract/slsa.ts';
import type { Role } from '../../src/contract/stages.ts';
import { DOCUMENT } from '../../src/records/document-types.ts';
import { nameOf } from '../../src/records/names.ts';
import { readProvenance, sealProvenance, type Provenance } from '../../src/records/provenance.ts';
import { createNotary, type Notary } from '../../src/signing/notary.ts';
import type { TrustedKey } from '../../src/signing/trust.ts';
import { createTestKey, type TestKey } from '../signing/keys.ts';
import { originOf, storeImage } from './made-up.ts';
import { scratchStore } from './scratch.ts';

const ROLES = ['orchestrator', 'builder', 'deployer'] as const;
const KEYS: Readonly<Record<Role, TestKey>> = {
  orchestrator: createTestKey(),
  builder: createTestKey(),
  deployer: createTestKey(),
};
const BUILT_AT = '2026-11-23T09:00:00.000Z';
const AFTER = '2026-11-24T00:00:00.000Z';

/** Signs as one role, or as nobody; believes each by its own key, or by what `change` makes of it. */
function notaryOf(role: Role | null, change: (key: TrustedKey) => Partial<TrustedKey> = () => ({})): Notary {
  const keys = ROLES.map((each) => KEYS[each].trusted(each)).map((key) => ({ ...key, ...change(key) }));
  return createNotary(role === null ? null : KEYS[role].signer, async () => ({ keys }));
}

/** A store with two images, into which `sealing` writes. */
async function openBuilt(sealing: Notary = notaryOf('builder')) {
  const { path, artifacts } = await scratchStore(undefined, sealing);
  const store = artifacts.component('storefront');
  const image = await storeImage(artifacts, 'version 1');
  const other = await storeImage(artifacts, 'version 2');
  const built: Provenance = {
    release: image.release,
    adopted: false,
    definition: `sha256:${'d'.repeat(64)}`,
    sandbox: 'bwrap',
    builds: [image.layer, image.layer],
    origin: originOf('staging/storefront/1', image.sbom, BUILT_AT),
  };
  const as = (reading: Notary) => createLayoutStore({ path, notary: reading }).component('storefront');
  const subject = { name: 'storefront', digest: { sha256: image.release.digest.slice('sha256:'.length) } };
  return {
    store,
    image,
    other,
    built,
    statement: provenanceStatement(built, built.origin, subject),
    seal: () => sealProvenance(store, built, image.descriptor),
    /** Whatever somebody likes to say under the name of what was built. */
    sealAs: (statement: Statement, { definition, sandbox } = built) =>
      sealDocument({ store, name: nameOf.build(definition, sandbox), artifactType: DOCUMENT.provenance, statement }),
    read: (reading: Notary = notaryOf(null), definition = built.definition) =>
      readProvenance(as(reading), definition, 'staging'),
  };
}

describe('the provenance of what was built', () => {
  test('is found by its definition, as it was sealed', async () => {
    const { built, seal, read } = await openBuilt();
    await seal();
    expect(await read()).toEqual(built);
  });

  test('is none of another definition', async () => {
    const { seal, read } = await openBuilt();
    await seal();
    expect(await read(notaryOf(null), `sha256:${'e'.repeat(64)}`)).toBeNull();
  });

  test('that was sealed first stands', async () => {
    const { store, built, other, seal, read } = await openBuilt();
    await seal();
    await sealProvenance(store, { ...built, release: other.release }, other.descriptor);
    expect(await read()).toEqual(built);
  });

  test('is that of the strongest sandbox, in whatever order they were sealed', async () => {
    const { store, built, image, seal, read } = await openBuilt();
    for (const sandbox of ['unshare', 'none']) await sealProvenance(store, { ...built, sandbox }, image.descriptor);
    expect(await read()).toMatchObject({ sandbox: 'unshare' });
    await seal();
    expect(await read()).toEqual(built);
  });

  test('counts as well when its key has been rotated since', async () => {
    const { built, seal, read } = await openBuilt();
    await seal();
    expect(await read(notaryOf(null, () => ({ until: AFTER })))).toEqual(built);
  });
});

describe('nothing is adopted', () => {
  test('that nobody signed', async () => {
    const { seal, read } = await openBuilt(notaryOf(null));
    await seal();
    expect(await read()).toBeNull();
    // Nor where signing begins only later: what is unsigned may be VALID, but it is not taken for a build.
    expect(await read(notaryOf(null, () => ({ from: AFTER })))).toBeNull();
  });

  test.each(['orchestrator', 'deployer'] as const)('that was signed by the key of %s', async (role) => {
    const { seal, read } = await openBuilt(notaryOf(role));
    await seal();
    expect(await read()).toBeNull();
  });

  test.each<[string, (key: TrustedKey) => Partial<TrustedKey>]>([
    ['is not known', () => ({ keyid: '0'.repeat(64) })],
    ['signs for another environment', () => ({ environments: ['production'] })],
    ['was over by then', () => ({ until: BUILT_AT })],
    ['did not count yet', () => ({ from: AFTER })],
    ['was revoked, be it from a later time on', () => ({ revoked: AFTER })],
  ])('that was signed by a key that %s', async (_, change) => {
    const { seal, read } = await openBuilt();
    await seal();
    expect(await read(notaryOf(null, (key) => (key.role === 'builder' ? change(key) : {})))).toBeNull();
  });

  test('that is about another image than it says was built', async () => {
    const { other, statement, sealAs, read } = await openBuilt();
    const sha256 = other.release.digest.slice('sha256:'.length);
    await sealAs({ ...statement, subject: [{ name: 'storefront', digest: { sha256 } }] });
    expect(await read()).toBeNull();
  });

  test('that stands under the name of another definition', async () => {
    const { built, statement, sealAs, read } = await openBuilt();
    const definition = `sha256:${'e'.repeat(64)}` as const;
    await sealAs(statement, { ...built, definition });
    expect(await read(notaryOf(null), definition)).toBeNull();
  });

  test('that stands under the name of a stronger sandbox', async () => {
    const { built, statement, sealAs, read } = await openBuilt();
    const weak = { ...built, sandbox: 'none' };
    await sealAs(provenanceStatement(weak, weak.origin, statement.subject[0]!), built);
    expect(await read()).toBeNull();
  });

  test('that says one thing to Slipway, and another to readers of SLSA', async () => {
    const { statement, built, sealAs, read } = await openBuilt();
    const { predicate: stronger } = provenanceStatement(
      { ...built, sandbox: 'none' },
      built.origin,
      statement.subject[0]!,
    );
    const { slipway_build: own } = statement.predicate as { readonly slipway_build: object };
    await sealAs({ ...statement, predicate: { ...(stronger as object), slipway_build: own } });
    expect(await read()).toBeNull();
  });

  test('that is the evidence of a deployment, or nothing of the kind', async () => {
    const { statement, sealAs, read } = await openBuilt();
    await sealAs({ ...statement, predicate: { stage: 'build' } });
    expect(await read()).toBeNull();
  });
});
