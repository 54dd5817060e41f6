import { describe, expect, test } from 'vitest';
import { STAGES } from '../../src/contract/stages.ts';
import { loadChain } from '../../src/records/chain.ts';
import { readEvidence } from '../../src/records/evidence.ts';
import { createTarget } from './deployments.ts';
import { handsOn, scratchStore } from './scratch.ts';

async function openDeployment(n = 1) {
  const { path, artifacts } = await scratchStore();
  const target = createTarget(artifacts);
  for (let deployed = 0; deployed < n; deployed += 1) await target.deploy();
  const digestIn = async (stage: (typeof STAGES)[number], of = n) =>
    (await readEvidence(target.store, target.idOf(of), stage))!.digest;
  return { ...target, digestIn, hands: handsOn(path, 'storefront') };
}

const UNTRUSTED = { code: 'UNTRUSTED_EVIDENCE' };

describe('whoever acts on a chain loads it himself', () => {
  test('and is given what each stage up to there has proved', async () => {
    const { store, idOf, digestIn } = await openDeployment();
    const chain = await loadChain(store, idOf(1), 'release', await digestIn('release'));
    expect(Object.keys(chain).toSorted()).toEqual(STAGES.slice(0, 4).toSorted());
    expect(chain.release.digest).toBe(await digestIn('release'));
    expect(chain.release.findings.release).toEqual(chain.build.findings.release);
  });

  test('and takes no chain of another deployment', async () => {
    const { store, idOf, digestIn } = await openDeployment(2);
    await expect(loadChain(store, idOf(2), 'release', await digestIn('release', 1))).rejects.toMatchObject(UNTRUSTED);
    await expect(loadChain(store, idOf(3), 'release', await digestIn('release', 2))).rejects.toMatchObject(UNTRUSTED);
  });

  test('and takes no evidence of another stage, earlier or later', async () => {
    const { store, idOf, digestIn } = await openDeployment();
    for (const stage of ['verification', 'deploy'] as const) {
      await expect(loadChain(store, idOf(1), 'release', await digestIn(stage))).rejects.toMatchObject(UNTRUSTED);
    }
  });

  test('and takes none with a blob that is missing or was changed', async () => {
    const { store, idOf, digestIn, hands } = await openDeployment();
    await hands.flip(await digestIn('build'));
    const load = async () => loadChain(store, idOf(1), 'release', await digestIn('release'));
    await expect(load()).rejects.toMatchObject({ code: 'ARTIFACT_CORRUPT' });
    const invented = `sha256:${'0'.repeat(64)}` as const;
    await expect(loadChain(store, idOf(1), 'release', invented)).rejects.toMatchObject({ code: 'ARTIFACT_CORRUPT' });
  });

  test('and takes none in which a stage failed, or speaks of other bytes', async () => {
    const { artifacts } = await scratchStore();
    const target = createTarget(artifacts);
    await target.deploy({ ends: { stage: 'verification', code: 'VERIFICATION_FAILED' } });
    const failed = (await readEvidence(target.store, target.idOf(1), 'verification'))!.digest;
    await expect(loadChain(target.store, target.idOf(1), 'verification', failed)).rejects.toMatchObject(UNTRUSTED);
    const other = { version: 'another', digest: `sha256:${'0'.repeat(64)}` } as const;
    await target.deploy({
      forge: { evidence: { release: (honest) => ({ ...honest, findings: { ...honest.findings, release: other } }) } },
    });
    const forged = (await readEvidence(target.store, target.idOf(2), 'release'))!.digest;
    await expect(loadChain(target.store, target.idOf(2), 'release', forged)).rejects.toMatchObject(UNTRUSTED);
  });
});
