import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { assembleImage, claimVersion, versionOf } from '../../src/artifacts/image.ts';
import { sealDocument } from '../../src/artifacts/sealed.ts';
import { MANIFEST, SOURCE, statement, writeBuild } from './parts.ts';
import { scratchFolder, scratchStore } from './scratch.ts';

const ARTIFACT_TYPE = 'application/vnd.slipway.evidence.v1+json';

/** A store with a versioned image and two documents about it. */
async function storeWithEvidence() {
  const { store, layout } = await scratchStore();
  const folder = await scratchFolder();
  await writeBuild(folder, 'plain');
  const image = await assembleImage({ store, folder, manifest: MANIFEST, source: SOURCE });
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
  return { layout, image, version };
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

  it('oras shows the evidence at the image that it is about', async ({ skip }) => {
    if (!found('oras')) skip('oras is not installed here: https://oras.land/docs/installation');
    const { layout, version } = await storeWithEvidence();
    const discover = ['discover', '--oci-layout', '--format', 'json', `${layout}:${version}`];
    const seen = execFileSync('oras', discover, { encoding: 'utf8' });
    expect(seen.split(ARTIFACT_TYPE)).toHaveLength(3);
  });
});
