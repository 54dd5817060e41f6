import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createBuild, type BuildDeps } from '../../activities/build.ts';
import { readOciManifest } from '../../src/artifacts/oci.ts';
import type { Descriptor } from '../../src/artifacts/store.ts';
import { SlipwayError } from '../../src/contract/failure.ts';
import { readEvidence } from '../../src/records/evidence.ts';
import type { SourceFile, SourceRepository } from '../../src/source/repository.ts';
import { putBase } from '../artifacts/bases.ts';
import { failureOf, logger, openPlatform, run } from './setting.ts';

const PLATFORM = Buffer.from(`apiVersion: slipway/v1
sources: [{ name: shop, url: ./shop }]
build: { sandbox: none }
environments: { staging: {} }
`);

/** A source that holds one component, whose build has something to put out. */
function repositoryOf(base: string): SourceRepository {
  const manifest = `apiVersion: slipway/v1
component: storefront
kind: storefront
build: { command: [sh, -c, 'mkdir dist && echo shop > dist/server.mjs'], output: dist, base: "${base}" }
image: { user: 1000, labels: { org.opencontainers.image.title: The shop } }
run: { command: [node, server.mjs] }
health: { path: /healthz }
smoke: [{ name: home page, path: / }]
`;
  const files: SourceFile[] = [{ path: 'storefront/slipway.yaml', mode: 'file', content: Buffer.from(manifest) }];
  return {
    name: 'shop',
    fetch: async () => {},
    readAll: async () => new Map(files.map(({ path, content }) => [path, content])),
    files: async () => files,
  } as Partial<SourceRepository> as SourceRepository;
}

/** A deployment before its build, of a component on a base that lies where it can be pulled. */
async function openBuild(pull: (pulled: Descriptor) => Promise<Descriptor> = async (pulled) => pulled) {
  const platform = await openPlatform(PLATFORM);
  const scratch = await mkdtemp(join(tmpdir(), 'slipway-build-'));
  onTestFinished(() => rm(scratch, { recursive: true }));
  const there = (await putBase(platform.artifacts.component('elsewhere'))).descriptor;
  const reference = `registry.example/base:1@${there.digest}`;
  const pulls: string[] = [];
  const deps: BuildDeps = {
    artifacts: platform.artifacts,
    folder: scratch,
    openSource: () => repositoryOf(reference),
    pullBase: async (store, asked) => {
      pulls.push(`${asked.name}@${asked.digest}`);
      return await pull((await putBase(store)).descriptor);
    },
    scratch,
    network: { certificates: null, proxies: {} },
    logger,
  };
  const build = async () => {
    const running = await platform.target.begin();
    const { deploymentId } = running;
    const consumes = await running.passUpTo('change-intake');
    return { deploymentId, evidence: await run(createBuild(deps).buildArtifact, { deploymentId, consumes }) };
  };
  return { store: platform.store, build, base: { reference, digest: there.digest }, pulls };
}

test('a component on a base is built on it, and its evidence says so; again, it is adopted and nothing is pulled', async () => {
  const { store, build, base, pulls } = await openBuild();
  const { deploymentId, evidence } = await build();
  expect(pulls).toEqual([base.reference]);
  const { digest } = evidence.facts;
  const { layers, annotations } = await readOciManifest(store, digest);
  expect(layers).toHaveLength(3);
  expect(annotations).toEqual({
    'org.opencontainers.image.base.name': 'registry.example/base:1',
    'org.opencontainers.image.base.digest': base.digest,
  });
  const sealed = await readEvidence(store, deploymentId, 'build');
  expect(sealed?.predicate.findings).toMatchObject({ adopted: false, origin: { base } });

  const again = await build();
  expect(again.evidence.facts.digest).toBe(digest);
  expect(await readEvidence(store, again.deploymentId, 'build')).toMatchObject({
    predicate: { findings: { adopted: true, origin: { base } } },
  });
  expect(pulls).toHaveLength(1);
});

test('a base that cannot be had is no fault of the change, and is asked for again', async () => {
  const { build, base } = await openBuild(async () => {
    throw new SlipwayError('BASE_UNAVAILABLE', `${base.reference} cannot be had`);
  });
  expect(await failureOf(build())).toMatchObject({ code: 'BASE_UNAVAILABLE', retried: true });
});

test('a base that is brought as another one is not built on', async () => {
  const { build } = await openBuild(async (pulled) => ({ ...pulled, digest: `sha256:${'0'.repeat(64)}` }));
  expect(await failureOf(build())).toMatchObject({
    code: 'ARTIFACT_CORRUPT',
    retried: false,
    message: expect.stringContaining(`was brought as sha256:${'0'.repeat(64)}`),
  });
});
