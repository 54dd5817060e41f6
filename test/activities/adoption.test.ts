import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { createBuild } from '../../activities/build.ts';
import { createLayoutStore } from '../../src/artifacts/layout.ts';
import { readDocument, sealDocument } from '../../src/artifacts/sealed.ts';
import type { BuildFindings, IntakeFindings } from '../../src/contract/evidence.ts';
import { digestOf } from '../../src/digest-of.ts';
import { DOCUMENT } from '../../src/records/document-types.ts';
import { readEvidence, sealEvidence } from '../../src/records/evidence.ts';
import { keepPlatform } from '../../src/records/platform.ts';
import { createNotary, NOBODY, type Notary } from '../../src/signing/notary.ts';
import type { TrustedKey } from '../../src/signing/trust.ts';
import { createSourceOpener } from '../../src/source/open.ts';
import { createShop } from '../pipeline/shop.ts';
import { handsOn, openStore } from '../records/scratch.ts';
import { createTestKey } from '../signing/keys.ts';
import { logger, run } from './setting.ts';

const PLATFORM = Buffer.from(`apiVersion: slipway/v1
sources: [{ name: shop, url: ./shop }]
build: { sandbox: none }
environments: { staging: { rollbackWithin: 30s } }
`);
const TARGET = { environment: 'staging', component: 'web' };
const AT = '2026-11-23T09:00:00.000Z';

const PLATFORM_KEY = createTestKey();
const BUILDER_KEY = createTestKey();
const NEW_KEY = createTestKey();

/** A platform whose builder signs with one key, and in which `change` has been done to the builder's first one. */
function notary(builder = BUILDER_KEY, change: Partial<TrustedKey> = {}): Notary {
  const others = (['orchestrator', 'deployer'] as const).map((role) => PLATFORM_KEY.trusted(role));
  const keys = [...others, BUILDER_KEY.trusted('builder', change), NEW_KEY.trusted('builder', { name: 'builder-2' })];
  const signs = (key = builder) => createNotary(key.signer, async () => ({ keys }));
  return {
    ...signs(),
    sign: (payload) => signs(isOfBuilder(payload) ? builder : PLATFORM_KEY).sign(payload),
  };
}

/** Change intake's evidence is the orchestrator's; all else that is sealed here is of the builder. */
function isOfBuilder(payload: Uint8Array): boolean {
  return !Buffer.from(payload).includes('https://slipway.dev/evidence/change-intake/v1');
}

let folder: string;
let intake: IntakeFindings;
let release: BuildFindings['release'];
let n = 0;

/** A shop with one version, and a store in which it has been built and vouched for. */
beforeAll(async () => {
  const opened = await openStore(undefined, notary());
  folder = opened.path;
  const { change, revision } = createShop(join(folder, 'shop')).version({ text: 'one' });
  intake = {
    order: { kind: 'deploy', requestId: 'r', target: TARGET, by: 'ada', change, source: 'shop', revision },
    change: { id: change, summary: 'one', reason: 'a test wants it', requestedBy: 'ada', carries: [change] },
    source: { repository: 'shop', revision, committedAt: Date.parse(AT) / 1000, folder: 'web' },
    returnTo: null,
    from: null,
    generation: 0,
    rollbackWithin: 30_000,
    platform: digestOf(PLATFORM),
    lane: { acts: 0, last: null },
  };
  ({ release } = await build(notary()));
  return () => opened.remove();
});

/** Carries out Build of the next deployment of the same revision, and reads what it found. */
async function build(as: Notary): Promise<BuildFindings> {
  n += 1;
  const artifacts = createLayoutStore({ path: folder, notary: as });
  const store = artifacts.component('web');
  await keepPlatform(store, PLATFORM, digestOf(PLATFORM));
  const deploymentId = `staging/web/${n}`;
  const about = { stage: 'change-intake', deploymentId, target: 'staging/web', previous: null } as const;
  const times = { startedAt: AT, finishedAt: AT };
  const passed = { ...about, ...times, result: 'passed', failure: null, findings: intake } as const;
  const { digest } = await sealEvidence(store, passed, null);
  const { buildArtifact } = createBuild({
    artifacts,
    folder,
    openSource: createSourceOpener(join(folder, 'mirrors')),
    pullBase: () => Promise.reject(new Error('there is no base')),
    scratch: join(folder, 'scratch'),
    network: { certificates: null, proxies: {} },
    logger,
  });
  const consumes = { stage: 'change-intake', digest } as never;
  await run(buildArtifact, { deploymentId, consumes } as never);
  return (await readEvidence(store, deploymentId, 'build'))?.predicate.findings as BuildFindings;
}

/** What is vouched for is said again, as somebody else would sign it. */
async function vouch(as: Notary): Promise<void> {
  const store = createLayoutStore({ path: folder, notary: as }).component('web');
  const [name = ''] = await store.names('build.');
  const document = await readDocument(store, name);
  await handsOn(folder, 'web').unname(name);
  await sealDocument({ store, name, artifactType: DOCUMENT.provenance, statement: document!.statement });
}

test.sequential('a revision that was built is adopted on the word of the builder, with how it was made', async () => {
  expect(await build(notary())).toMatchObject({ adopted: true, release, origin: { deploymentId: 'staging/web/1' } });
});

test.sequential.each<[string, () => Promise<Notary>]>([
  ['whose key is revoked', async () => notary(NEW_KEY, { revoked: new Date().toISOString() })],
  [
    'who did not sign',
    async () => {
      await vouch(NOBODY);
      return notary();
    },
  ],
  [
    'who is none: another role signed',
    async () => {
      await vouch(createNotary(PLATFORM_KEY.signer, async () => ({ keys: [] })));
      return notary();
    },
  ],
])('nothing is adopted on the word of one %s: it is built again, and is the same', async (_, happens) => {
  const findings = await build(await happens());
  expect(findings).toMatchObject({ adopted: false, release, origin: { deploymentId: `staging/web/${n}` } });
});
