import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { assembleImage } from '../../src/artifacts/image.ts';
import { createLayoutStore } from '../../src/artifacts/layout.ts';
import type { ArtifactStore } from '../../src/artifacts/store.ts';
import type { SealedManifest } from '../../src/config/manifest.ts';
import type { DeployFindings } from '../../src/contract/evidence.ts';
import { openRecord, type DeploymentRecord } from '../../src/contract/record.ts';
import type { ReleaseRef } from '../../src/contract/release.ts';
import { readFindings } from '../../src/demo/outcome.ts';
import { sealEvidence } from '../../src/records/evidence.ts';
import { sealRecord } from '../../src/records/record.ts';
import { MANIFEST, SOURCE } from '../artifacts/parts.ts';
import { scratchFolder } from '../artifacts/scratch.ts';
import { TEST_NOTARY } from '../signing/keys.ts';

type Hashes = DeployFindings['instanceFolderHashes'];

const ID = 'staging/restock/1';
const ORDER = {
  kind: 'deploy',
  requestId: 'r',
  target: { environment: 'staging', component: 'restock' },
  by: 'cleo',
  change: 'CHG-1',
  source: 'shop',
  revision: 'a'.repeat(40),
} as const;
const TIMES = { startedAt: '2026-11-23T10:00:00.000Z', finishedAt: '2026-11-23T10:00:01.000Z' };

/** A store in which one release took over from another, and its deploy evidence says what the runtime saw. */
async function storeAfter(kind: SealedManifest['kind'], hashes: Hashes): Promise<ArtifactStore> {
  const path = await scratchFolder();
  const artifacts = createLayoutStore({ path, notary: TEST_NOTARY });
  const store = artifacts.component('restock');
  const built = join(path, 'built');
  await mkdir(built);
  await writeFile(join(built, 'agent.mjs'), '');
  const manifest: SealedManifest = { ...MANIFEST, component: 'restock', kind };
  const image = await assembleImage({ store, folder: built, manifest, source: SOURCE });
  const release: ReleaseRef = { version: '20261104.0', digest: image.digest };
  await sealEvidence(store, deployEvidence(release, hashes), null);
  const record: DeploymentRecord = {
    ...openRecord(ID, ORDER),
    artifact: release,
    from: { version: '20261103.0', digest: `sha256:${'b'.repeat(64)}` },
    result: 'rolled-back',
    stages: [{ stage: 'deploy', result: 'passed', evidence: null, ...TIMES }],
  };
  await sealRecord(store, { record, order: ORDER, after: null, sealedAt: TIMES.finishedAt });
  return artifacts;
}

function deployEvidence(release: ReleaseRef, instanceFolderHashes: Hashes) {
  const findings = { release, generation: 2, live: null, address: null, isolation: 'none', instanceFolderHashes };
  const verdict = { result: 'passed', failure: null, previous: null } as const;
  return { stage: 'deploy', deploymentId: ID, target: 'staging/restock', ...verdict, ...TIMES, findings } as const;
}

describe('what the store says of a demo', () => {
  test.each([
    ['the same before and after: unchanged', 'agent', { before: 'x', after: 'x' }, true],
    ['another after than before: changed', 'agent', { before: 'x', after: 'y' }, false],
    ['not looked at: not known to be unchanged', 'agent', null, false],
    ['not looked at, for a service, which runs beside its successor: nothing to say', 'service', null, true],
  ] as const)('instance folder %s', async (_, kind, hashes, unchanged) => {
    const findings = await readFindings(await storeAfter(kind, hashes), ['staging']);
    expect(findings.instancesUnchanged).toBe(unchanged);
  });

  test('a record that does not hold is INVALID, with the clause that was broken', async () => {
    const { records, verifications } = await readFindings(await storeAfter('agent', null), ['staging']);
    expect(records.map(({ deploymentId }) => deploymentId)).toEqual([ID]);
    expect(verifications).toMatchObject([{ id: ID, verdict: 'INVALID', clause: '§4' }]);
  });
});
