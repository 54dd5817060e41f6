import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { assembleImage, claimVersion, verifyImage, versionOf } from '../../src/artifacts/image.ts';
import { createLayoutStore } from '../../src/artifacts/layout.ts';
import { readOciManifest } from '../../src/artifacts/oci.ts';
import { sealDocument } from '../../src/artifacts/sealed.ts';
import type { ImageSettings } from '../../src/config/image.ts';
import { SLSA, evidenceType } from '../../src/contract/slsa.ts';
import { DOCUMENT, PREDICATE } from '../../src/records/document-types.ts';
import { readEvidence } from '../../src/records/evidence.ts';
import { sealProvenance, type Provenance } from '../../src/records/provenance.ts';
import { createTarget } from '../records/deployments.ts';
import { scratchStore as recordsStore } from '../records/scratch.ts';
import { putBase } from './bases.ts';
import { MANIFEST, SOURCE, statement, writeBuild } from './parts.ts';
import { scratchFolder, scratchStore } from './scratch.ts';

const ARTIFACT_TYPE = 'application/vnd.slipway.evidence.v1+json';

const SETTINGS: ImageSettings = {
  user: '1000:1001',
  port: 9000,
  labels: { 'org.opencontainers.image.title': 'The shop' },
};

/** A store with a versioned image and two documents about it. */
async function storeWithEvidence({ onBase = false } = {}) {
  const { store, layout } = await scratchStore();
  const folder = await scratchFolder();
  await writeBuild(folder, 'plain');
  const base = onBase ? await putBase(store) : null;
  const image = await assembleImage({ store, folder, manifest: MANIFEST, settings: SETTINGS, base, source: SOURCE });
  const version = versionOf({ ...SOURCE, digest: image.digest });
  await claimVersion(store, version, image.descriptor);
  for (const name of ['evidence-1', 'evidence-2']) {
    await sealDocument({
      store,
      name,
      artifactType: ARTIFACT_TYPE,
      statement: statement(name),
      subject: image.descriptor,
    });
  }
  return { store, layout, base, image, version };
}

function found(tool: string): boolean {
  return spawnSync(tool, ['--version'], { stdio: 'ignore' }).error === undefined;
}

describe('a store is read by tools that know nothing of Slipway', () => {
  it('skopeo finds the image by its version, and copies it whole', async ({ skip }) => {
    if (!found('skopeo')) skip('skopeo is not installed here: apt-get install skopeo');
    const { layout, image, version } = await storeWithEvidence();
    const seen = JSON.parse(execFileSync('skopeo', ['inspect', `oci:${layout}:${version}`], { encoding: 'utf8' }));
    expect(seen).toMatchObject({
      Digest: image.digest,
      Created: '2026-11-23T12:00:00Z',
      Architecture: 'amd64',
      Os: 'linux',
      Layers: [image.layer],
      Labels: { 'org.opencontainers.image.revision': SOURCE.revision },
    });
    const copy = `oci:${await scratchFolder()}:copy`;
    execFileSync('skopeo', ['--insecure-policy', 'copy', '-q', '--preserve-digests', `oci:${layout}:${version}`, copy]);
    expect(JSON.parse(execFileSync('skopeo', ['inspect', copy], { encoding: 'utf8' })).Digest).toBe(image.digest);
  });

  it('skopeo takes an image on a base to a place of its own and back, with its digest', async ({ skip }) => {
    if (!found('skopeo')) skip('skopeo is not installed here: apt-get install skopeo');
    const { store, layout, base, image, version } = await storeWithEvidence({ onBase: true });
    const { layers } = await readOciManifest(store, image.digest);
    const there = `dir:${await scratchFolder()}/there`;
    const back = await scratchFolder();
    const copy = ['--insecure-policy', 'copy', '-q', '--preserve-digests'];
    execFileSync('skopeo', [...copy, `oci:${layout}:${version}`, there]);
    execFileSync('skopeo', [...copy, there, `oci:${back}/storefront:${version}`]);

    const seen = JSON.parse(execFileSync('skopeo', ['inspect', `oci:${back}/storefront:${version}`]).toString());
    expect(seen).toMatchObject({
      Digest: image.digest,
      Architecture: 'arm64',
      Layers: layers.map(({ digest }) => digest),
      Env: ['PATH=/usr/bin', 'NODE_VERSION=22', 'GREETING=a=b', 'LOG_LEVEL=info', 'PORT=9000'],
      Labels: {
        'org.opencontainers.image.title': 'The shop',
        'org.opencontainers.image.base.name': base?.name,
        'org.opencontainers.image.base.digest': base?.descriptor.digest,
      },
    });
    const shown = execFileSync('skopeo', ['inspect', '--config', `oci:${back}/storefront:${version}`]).toString();
    expect(JSON.parse(shown).config).toMatchObject({
      User: '1000:1001',
      ExposedPorts: { '9000/tcp': {} },
      Entrypoint: ['node', 'server.mjs'],
      WorkingDir: '/app',
    });
    await verifyImage(createLayoutStore({ path: back }).component('storefront'), image.digest);
  });

  it('oras pulls the layers of an image on a base, and shows what is known about it', async ({ skip }) => {
    if (!found('oras')) skip('oras is not installed here: https://oras.land/docs/installation');
    const { store, layout, image, version } = await storeWithEvidence({ onBase: true });
    const args = ['manifest', 'fetch', '--oci-layout', `${layout}:${version}`];
    expect(JSON.parse(execFileSync('oras', args, { encoding: 'utf8' }))).toEqual(
      await readOciManifest(store, image.digest),
    );
    const copy = await scratchFolder();
    const to = ['--from-oci-layout', `${layout}:${version}`, '--to-oci-layout', `${copy}/storefront:${version}`];
    execFileSync('oras', ['copy', '--recursive', '--no-tty', ...to], { stdio: 'ignore' });
    const byDigest = `${copy}/storefront@${image.digest}`;
    const seen = JSON.parse(
      execFileSync('oras', ['discover', '--oci-layout', '--format', 'json', byDigest], { encoding: 'utf8' }),
    );
    const referrers: readonly { artifactType: string }[] = seen.manifests ?? seen.referrers;
    expect(referrers.map(({ artifactType }) => artifactType)).toEqual([ARTIFACT_TYPE, ARTIFACT_TYPE]);
    await verifyImage(createLayoutStore({ path: copy }).component('storefront'), image.digest);
  });

  it('oras shows the evidence at the image that it is about', async ({ skip }) => {
    if (!found('oras')) skip('oras is not installed here: https://oras.land/docs/installation');
    const { layout, version } = await storeWithEvidence();
    const discover = ['discover', '--oci-layout', '--format', 'json', `${layout}:${version}`];
    const seen = execFileSync('oras', discover, { encoding: 'utf8' });
    expect(seen.split(ARTIFACT_TYPE)).toHaveLength(3);
  });

  it('oras shows all that is known of a release, by its digest', async ({ skip }) => {
    if (!found('oras')) skip('oras is not installed here: https://oras.land/docs/installation');
    const { path, artifacts } = await recordsStore();
    const target = createTarget(artifacts);
    await target.deploy();
    const id = target.idOf(1);
    const { version, digest } = target.released(id);
    const { predicate } = (await readEvidence(target.store, id, 'build'))!;
    await sealProvenance(target.store, predicate.findings as Provenance, (await target.store.resolve(version))!);
    await target.deploy({ text: 'another' });

    const discover = (format: string): string => {
      const args = ['discover', '--oci-layout', '--format', format, `${path}/storefront@${digest}`];
      return execFileSync('oras', args, { encoding: 'utf8' });
    };
    const seen: Referrers = JSON.parse(discover('json'));
    const kinds = (seen.manifests ?? seen.referrers ?? []).map(
      ({ artifactType, annotations }) => `${artifactType} ${annotations?.['in-toto.io/predicate-type'] ?? ''}`,
    );
    const { evidence, provenance, summary, record } = DOCUMENT;
    const known = [
      'application/vnd.cyclonedx+json ',
      `${provenance} ${SLSA.provenance}`,
      `${provenance} ${SLSA.provenance}`,
      `${summary} ${SLSA.summary}`,
      `${summary} ${SLSA.summary}`,
      ...(['deploy', 'post-deploy-verification', 'completion'] as const).map((of) => `${evidence} ${evidenceType(of)}`),
      `${record} ${PREDICATE.record}`,
      `${record} ${PREDICATE.record}`,
    ];
    expect(kinds.toSorted()).toEqual(known.toSorted());
    const tree = discover('tree');
    expect(known.filter((kind) => !tree.includes(kind.split(' ')[0]!))).toEqual([]);
  });
});

/** As `oras discover` of 1.2 and of 1.3 gives them. */
interface Referrers {
  readonly manifests?: readonly Referrer[];
  readonly referrers?: readonly Referrer[];
}

interface Referrer {
  readonly artifactType: string;
  readonly annotations?: Readonly<Record<string, string>>;
}
