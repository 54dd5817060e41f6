import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assembleImage, claimVersion, versionOf } from '../../src/artifacts/image.ts';
import type { ArtifactStore, Descriptor } from '../../src/artifacts/store.ts';
import type { RuntimeState } from '../../src/contract/activities.ts';
import type { ActPredicate } from '../../src/contract/acts.ts';
import type { Digest } from '../../src/contract/digest.ts';
import type { BuildOrigin, Findings, Summary } from '../../src/contract/evidence.ts';
import type { Order } from '../../src/contract/order.ts';
import type { LiveRelease, ReleaseRef } from '../../src/contract/release.ts';
import type { DataVersions, WayBack } from '../../src/contract/way-back.ts';
import type { Stage } from '../../src/contract/stages.ts';
import { digestOf } from '../../src/digest-of.ts';
import { deploymentOf } from '../../src/records/names.ts';
import { attachSbom } from '../../src/records/sbom.ts';
import { MANIFEST } from '../artifacts/parts.ts';
import { DONE, goodVerdict } from './made-up-verdict.ts';
import { REVISION, TARGET } from './plan.ts';

/** Holds in staging, and goes on in production. */
export const PLATFORM = Buffer.from(`apiVersion: slipway/v1
sources: [{ name: shop, url: ./shop }]
environments: { staging: { rollbackWithin: 30s }, production: { rollbackWithin: 30s, afterRollback: continue } }
`);
/** Milliseconds, as that file has it. */
export const WITHIN = 30_000;
const COMMITTED_AT = Date.UTC(2026, 10, 23) / 1000;

export interface StoredImage {
  readonly release: ReleaseRef;
  readonly descriptor: Descriptor;
  readonly layer: Digest;
  readonly sbom: Digest;
}

/** A folder with one file in it, as an image in the store, under its version. */
export async function storeImage(
  artifacts: ArtifactStore,
  text: string,
  { component } = TARGET,
  data?: DataVersions,
): Promise<StoredImage> {
  const store = artifacts.component(component);
  const folder = await mkdtemp(join(tmpdir(), 'slipway-built-'));
  try {
    await writeFile(join(folder, 'server.mjs'), text);
    const source = { repository: 'shop', revision: REVISION, committedAt: COMMITTED_AT };
    const manifest = { ...MANIFEST, component, ...(data && { data: { reads: [...data.reads], writes: data.writes } }) };
    const { digest, layer, descriptor } = await assembleImage({ store, folder, manifest, source });
    const version = versionOf({ ...source, digest });
    await claimVersion(store, version, descriptor);
    const bom = { bomFormat: 'CycloneDX', specVersion: '1.6', metadata: { component: { name: component, version } } };
    const sbom = await attachSbom(store, descriptor, Buffer.from(JSON.stringify(bom)));
    return { release: { version, digest }, descriptor, layer, sbom };
  } finally {
    await rm(folder, { recursive: true });
  }
}

export interface Circumstances {
  readonly deploymentId: string;
  readonly order: Order;
  readonly image: StoredImage;
  readonly returnTo: LiveRelease | null;
  readonly irreversible: boolean;
  readonly platform: Uint8Array;
  /** What the runtime shows when it begins. */
  readonly runtime: RuntimeState;
  readonly newestAct: (ActPredicate & { readonly digest: Digest }) | null;
  /** The evidence sealed so far, in order. */
  readonly sealed: readonly Digest[];
  readonly at: string;
}

/** What each stage of one deployment finds when all goes well. */
export function findingsOf(around: Circumstances): { readonly [S in Stage]: Findings[S] } {
  const { deploymentId, order, image, returnTo, irreversible, platform, runtime, newestAct, sealed, at } = around;
  const { release, layer } = image;
  const { generation, live: from } = runtime;
  const live = { ...release, deploymentId };
  const change = changeOf(order, returnTo);
  const source = { repository: 'shop', revision: REVISION };
  const { environment, component } = deploymentOf(deploymentId);
  const verdict = goodVerdict(platform, environment, { ...MANIFEST, component });
  const summary: Summary = { platform: digestOf(platform), level: 'SLSA_BUILD_LEVEL_2', inputs: sealed };
  const declared = irreversible ? NO_WAY_BACK : declaredWayBack(from, returnTo);
  return {
    'change-intake': {
      order,
      change: irreversible ? { ...change, irreversible: change.carries } : change,
      source: { ...source, committedAt: COMMITTED_AT, folder: 'storefront' },
      returnTo,
      from,
      generation,
      rollbackWithin: WITHIN,
      platform: digestOf(platform),
      lane: { acts: newestAct?.number ?? 0, last: newestAct?.digest ?? null },
    },
    build: {
      release,
      adopted: returnTo !== null,
      definition: digestOf(Buffer.from(release.version)),
      sandbox: 'bwrap',
      builds: [layer, layer],
      origin: originOf(deploymentId, image.sbom, at),
    },
    verification: { artifact: release.digest, verdict: 'pass', findings: [], sandbox: 'bwrap', summary },
    release: { release, change: change.id, source, releasedAt: at, wayBack: declared, summary },
    deploy: {
      release,
      generation: generation + 1,
      live,
      address: null,
      isolation: 'bwrap',
      instanceFolderHashes: null,
      wayBack: declared ?? { state: 'proved', to: refOf(from), seen: 'its instance is live and well' },
    },
    'post-deploy-verification': { artifact: release.digest, generation: generation + 1, verdict },
    completion: { observed: { generation: generation + 1, live }, chain: sealed, visibleSince: at, done: DONE },
  };
}

/** How bytes were made, of which nothing is true but the form. */
export function originOf(deploymentId: string, sbom: Digest, at: string): BuildOrigin {
  const source = { repository: 'shop', revision: REVISION, folder: 'storefront' };
  return { deploymentId, startedAt: at, finishedAt: at, source, dependencies: null, base: null, sbom };
}

const NO_WAY_BACK: WayBack = { state: 'none', to: null, seen: 'version 1 cannot read what version 2 writes' };

function declaredWayBack(from: LiveRelease | null, returnTo: LiveRelease | null): WayBack | null {
  if (from === null) return { state: 'first', to: null, seen: 'nothing is live' };
  return returnTo === null ? null : { state: 'unproved', to: refOf(from), seen: 'it is a rollback' };
}

function refOf(release: LiveRelease | null): ReleaseRef | null {
  return release && { version: release.version, digest: release.digest };
}

function changeOf(order: Order, returnTo: LiveRelease | null): Findings['change-intake']['change'] {
  const { by: requestedBy } = order;
  if (order.kind === 'deploy') {
    const { change: id } = order;
    return { id, summary: 'Show delivery dates', reason: 'SHOP-881', requestedBy, carries: [id] };
  }
  const id = `rollback:${returnTo?.deploymentId}`;
  return { id, summary: `Return to ${returnTo?.version}`, reason: order.reason, requestedBy, carries: [id] };
}
