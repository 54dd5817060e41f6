import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assembleImage } from '../../src/artifacts/image.ts';
import { sealDocument } from '../../src/artifacts/sealed.ts';
import { isInstalled } from '../artifacts/installed.ts';
import { MANIFEST, SOURCE, statement, writeBuild } from '../artifacts/parts.ts';
import { scratchFolder } from '../artifacts/scratch.ts';
import { DOCKER_REGISTRY, startRegistry, type RegistryProcess } from './registry-process.ts';
import { registryStore } from './scratch.ts';

const ARTIFACT_TYPE = 'application/vnd.slipway.evidence.v1+json';

describe.skipIf(DOCKER_REGISTRY.command === null)(
  'a store in a registry is read by tools that know nothing of Slipway',
  () => {
    let registry: RegistryProcess;
    beforeAll(async () => {
      registry = await startRegistry(DOCKER_REGISTRY);
    });
    afterAll(() => registry?.stop());

    it('skopeo inspects the image by its version, and oras shows at it what speaks of it', async ({ skip }) => {
      if (!isInstalled('skopeo') || !isInstalled('oras')) skip('skopeo or oras is not installed here');
      const store = registryStore(registry.url, 'storefront');
      const folder = await scratchFolder();
      await writeBuild(folder, 'plain');
      const image = await assembleImage({ store, folder, manifest: MANIFEST, source: SOURCE });
      await store.claim('v1', image.descriptor);
      const about = { store, artifactType: ARTIFACT_TYPE, subject: image.descriptor };
      for (const name of ['one', 'two']) await sealDocument({ ...about, name, statement: statement(name) });

      const repository = `${new URL(registry.url).host}/team/storefront`;
      const inspect = ['inspect', '--tls-verify=false', `docker://${repository}:v1`];
      expect(JSON.parse(execFileSync('skopeo', inspect, { encoding: 'utf8' }))).toMatchObject({ Digest: image.digest });
      const discover = ['discover', '--plain-http', '--format', 'json', `${repository}@${image.digest}`];
      expect(execFileSync('oras', discover, { encoding: 'utf8' }).split(ARTIFACT_TYPE)).toHaveLength(3);
    });
  },
);
