import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { standingImage } from '../../src/records/image.ts';
import { verifyDeployment } from '../../src/records/verify.ts';
import { getManifest, putManifest } from '../../src/registry/manifests.ts';
import { DOCKER_REGISTRY, startRegistry, type RegistryProcess } from '../registry/registry-process.ts';
import { scratchPlace, wholeStore } from '../registry/scratch.ts';
import { TEST_NOTARY } from '../signing/keys.ts';
import { createTarget } from './deployments.ts';

describe.skipIf(DOCKER_REGISTRY.command === null)(
  'a version that somebody moves in a registry, after its release,',
  () => {
    let registry: RegistryProcess;
    beforeAll(async () => {
      registry = await startRegistry(DOCKER_REGISTRY);
    });
    afterAll(() => registry?.stop());

    const open = () => wholeStore(registry.url, { notary: TEST_NOTARY });

    it('is deployed nowhere any more, and its deployment is INVALID', async () => {
      const made = createTarget(open());
      const { target, idOf } = made;
      await made.deploy();
      await made.deploy();
      const [first, second] = [made.released(idOf(1)), made.released(idOf(2))];
      await expect(standingImage(open().component(target.component), first)).resolves.toMatchObject({
        digest: first.digest,
      });
      expect(await verifyDeployment(open(), idOf(1))).toMatchObject({ verdict: 'VALID' });

      const place = scratchPlace(registry.url, `team/${target.component}`);
      const other = await getManifest(place, second.version);
      if (other === null) throw new Error('there is no second version');
      await putManifest(place, first.version, other);

      await expect(standingImage(open().component(target.component), first)).rejects.toMatchObject({
        code: 'ARTIFACT_CORRUPT',
        message: expect.stringContaining(first.version),
      });
      expect(await verifyDeployment(open(), idOf(1))).toMatchObject({
        verdict: 'INVALID',
        reason: expect.stringContaining(first.version),
      });
      expect(await verifyDeployment(open(), idOf(2))).toMatchObject({ verdict: 'VALID' });
    });
  },
);
