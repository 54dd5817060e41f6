import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createBuild } from '../../activities/build.ts';
import { readSealedBlob } from '../../src/artifacts/sealed.ts';
import { networkIn } from '../../src/build/dependencies/network.ts';
import type { BuildFindings, Findings, StagePredicate } from '../../src/contract/evidence.ts';
import { digestOf } from '../../src/digest-of.ts';
import { readEvidence } from '../../src/records/evidence.ts';
import { nameOf } from '../../src/records/names.ts';
import { SANDBOXES } from '../build/checkout.ts';
import { lockedComponent, openRegistry } from '../build/npm-registry.ts';
import { createTarget } from '../records/deployments.ts';
import { scratchStore } from '../records/scratch.ts';
import { writeSource, type WrittenCommit } from '../source/written-source.ts';
import { failureOf, logger, run, type Said } from './setting.ts';

const manifest = (build: string) => `apiVersion: slipway/v1
component: storefront
kind: storefront
build: ${build}
run: { command: [node, server.mjs] }
health: { path: /healthz }
smoke: [{ name: home page, path: / }]
`;
const PLAIN: WrittenCommit['files'] = {
  'shop/slipway.yaml': manifest("{ command: [sh, -c, 'mkdir dist && cp page dist'], output: dist }"),
  'shop/page': 'Welcome',
};

/** A source with one revision of one component, and an empty store; each build is that of a deployment of its own. */
async function openBuilds(files: WrittenCommit['files'] = PLAIN) {
  const source = await writeSource();
  onTestFinished(() => source.remove());
  const revision = await source.commit({ message: 'Say welcome', ...(files && { files }) });
  const { path, artifacts } = await scratchStore();
  const deps = {
    artifacts,
    folder: source.folder,
    openSource: () => source.repository,
    pullBase: () => Promise.reject(new Error('nothing here has a base')),
    scratch: join(path, '.builder'),
    network: networkIn(process.env),
    logger,
  };
  const store = artifacts.component('storefront');

  /** Begins a deployment to an environment under a platform file, as far as its change intake. */
  async function begin(environment: string, platform: string) {
    const target = { environment, component: 'storefront' };
    const text = `apiVersion: slipway/v1\nsources: [{ name: shop, url: ./shop }]\n${platform}\n`;
    const scripted = createTarget(artifacts, { target, platform: Buffer.from(text) });
    const at = (honest: StagePredicate<'change-intake'>): StagePredicate<'change-intake'> => {
      const findings = honest.findings as Findings['change-intake'];
      return { ...honest, findings: { ...findings, source: { ...findings.source, revision } } };
    };
    const running = await scripted.begin({ forge: { evidence: { 'change-intake': at } } });
    return { deploymentId: running.deploymentId, consumes: await running.passUpTo('change-intake') };
  }

  return {
    store,
    revision,
    async build(environment: string, platform: string): Promise<BuildFindings> {
      const input = await begin(environment, platform);
      await run(createBuild(deps).buildArtifact, input);
      const findings = (await readEvidence(store, input.deploymentId, 'build'))?.predicate.findings;
      if (!findings) throw new Error('no build is sealed');
      return findings;
    },
    async refused(environment: string, platform: string): Promise<Said> {
      const input = await begin(environment, platform);
      return await failureOf(run(createBuild(deps).buildArtifact, input));
    },
  };
}

/** That of a build's findings, as it is attached to the image. */
async function sbomOf({ store }: Awaited<ReturnType<typeof openBuilds>>, { release, origin }: BuildFindings) {
  const name = nameOf.sbom(release.digest, origin?.sbom ?? 'sha256:');
  const bytes = (await readSealedBlob(store, name)) ?? Buffer.of();
  const { components = [] } = JSON.parse(bytes.toString()) as { components?: { 'bom-ref': string }[] };
  return { digest: digestOf(bytes), components: components.map((component) => component['bom-ref']) };
}

const strongest = (['bwrap', 'unshare', 'none'] as const).find((kind) => typeof SANDBOXES[kind] !== 'string');

describe('a build', () => {
  test('says how its bytes were made, and its SBOM is attached to its image', async () => {
    const builds = await openBuilds();
    const findings = await builds.build('staging', `build: { sandbox: ${strongest} }\nenvironments: { staging: {} }`);
    const { origin, sandbox: used } = findings;
    const { digest, components } = await sbomOf(builds, findings);
    expect(used).toBe(strongest);
    expect(origin).toEqual({
      deploymentId: 'staging/storefront/1',
      startedAt: expect.any(String),
      finishedAt: expect.any(String),
      source: { repository: 'shop', revision: builds.revision, folder: 'shop' },
      dependencies: null,
      base: null,
      sbom: digest,
      lock: null,
    });
    expect(components).toEqual([]);
  });

  test('names the lock file that its SBOM was read out of, though nothing was fetched by it', async () => {
    const text = JSON.stringify({
      lockfileVersion: 3,
      packages: { '': { name: 'shop' }, 'node_modules/greeting': { version: '1.0.0' } },
    });
    const builds = await openBuilds({ ...PLAIN, 'shop/package-lock.json': text });
    const findings = await builds.build('staging', `build: { sandbox: ${strongest} }\nenvironments: { staging: {} }`);
    expect((await sbomOf(builds, findings)).components).toEqual(['greeting@1.0.0']);
    expect(findings.origin).toMatchObject({
      dependencies: null,
      lock: { path: 'shop/package-lock.json', digest: digestOf(Buffer.from(text)) },
    });
  });
});

describe('a build with dependencies', () => {
  test('says what was fetched for it, and its SBOM names all of that', async () => {
    const registry = await openRegistry([{ name: 'greeting', files: { 'index.js': '' } }]);
    const [npm, lock] = lockedComponent(['greeting'], { 'node_modules/greeting': registry.entry('greeting') });
    const text = lock?.content.toString() ?? '';
    const build = "{ command: [sh, -c, 'mkdir dist && cp -r node_modules dist'], output: dist, dependencies: npm }";
    const builds = await openBuilds({
      'shop/slipway.yaml': manifest(build),
      'shop/package.json': npm?.content.toString() ?? '',
      'shop/package-lock.json': text,
    });
    const platform = `build: { sandbox: ${strongest}, npm: { registry: '${registry.address}' } }\nenvironments: { staging: {} }`;
    const findings = await builds.build('staging', platform);
    expect(findings.origin?.dependencies).toEqual({
      manager: expect.stringMatching(/^npm \d/),
      lock: { path: 'shop/package-lock.json', digest: digestOf(Buffer.from(text)) },
      packages: 1,
    });
    expect(findings.origin?.lock).toEqual(findings.origin?.dependencies?.lock);
    expect((await sbomOf(builds, findings)).components).toEqual(['greeting@1.0.0']);
  });
});

describe('an environment that requires a sandbox', () => {
  const platform = (sandbox: string, required: string) =>
    `build: { sandbox: ${sandbox} }\nenvironments: { staging: {}, production: { build: { require: { sandbox: ${required} } } } }`;

  test('refuses a build in a weaker one before it begins, citing §6', async () => {
    const builds = await openBuilds();
    const said = await builds.refused('production', platform('none', 'unshare'));
    expect(said).toMatchObject({ code: 'SANDBOX_TOO_WEAK', retried: false });
    expect(said.message).toMatch(/found sandbox none, expected unshare.*§6/);
  });

  test('refuses what was built in a weaker one for another environment', async () => {
    const builds = await openBuilds();
    await builds.build('staging', platform('none', 'unshare'));
    const said = await builds.refused('production', platform('none', 'unshare'));
    expect(said).toMatchObject({ code: 'SANDBOX_TOO_WEAK', retried: false });
  });

  test.runIf(strongest !== 'none')(
    'takes it once it was built again in a stronger one, to the same bytes',
    async () => {
      const builds = await openBuilds();
      const weak = await builds.build('staging', platform('none', 'unshare'));
      const strong = await builds.build('production', platform(`${strongest}`, `${strongest}`));
      expect(strong).toMatchObject({ release: weak.release, sandbox: strongest, adopted: false });
    },
  );

  test.runIf(strongest !== 'none')('refuses it where those bytes are others', async () => {
    const leaky = "{ command: [sh, -c, 'mkdir dist && ls / | wc -l >dist/page'], output: dist }";
    const builds = await openBuilds({ 'shop/slipway.yaml': manifest(leaky) });
    await builds.build('staging', platform('none', 'unshare'));
    const said = await builds.refused('production', platform(`${strongest}`, `${strongest}`));
    expect(said).toMatchObject({ code: 'NOT_REPRODUCIBLE', message: expect.stringContaining('the weaker sandbox') });
  });
});
