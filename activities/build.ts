import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { canonicalJson } from '../src/artifacts/canonical.ts';
import { digestOf } from '../src/artifacts/blobs.ts';
import type { ChosenBase } from '../src/artifacts/base.ts';
import { assembleImage, claimVersion, verifyImage, versionOf } from '../src/artifacts/image.ts';
import type { ArtifactStore, ComponentStore, Descriptor } from '../src/artifacts/store.ts';
import { buildTwice } from '../src/build/build.ts';
import { fetchDependencies } from '../src/build/dependencies/fetch.ts';
import type { Network } from '../src/build/dependencies/network.ts';
import { isTooWeak } from '../src/build/requirement.ts';
import { openSandbox } from '../src/build/sandbox.ts';
import { sbomOf } from '../src/build/sbom/sbom.ts';
import { parseBaseReference } from '../src/config/base-reference.ts';
import { parsePlatform } from '../src/config/load.ts';
import { type Manifest, sealedManifest } from '../src/config/manifest.ts';
import type { Platform } from '../src/config/platform.ts';
import type { BuilderActivities } from '../src/contract/activities.ts';
import type { Digest } from '../src/contract/digest.ts';
import type { BuildFindings, BuildOrigin, IntakeFindings } from '../src/contract/evidence.ts';
import { SlipwayError } from '../src/contract/failure.ts';
import type { LiveRelease } from '../src/contract/release.ts';
import { notBefore } from '../src/contract/time.ts';
import { refuseQuarantined } from '../src/records/acts.ts';
import { loadChain } from '../src/records/chain.ts';
import { readEvidence, requireSignedEvidence } from '../src/records/evidence.ts';
import { standingImage } from '../src/records/image.ts';
import { readPlatform } from '../src/records/platform.ts';
import { readProvenance, sealProvenance, type Provenance } from '../src/records/provenance.ts';
import { refuseWeakSandbox, requiredSandbox } from '../src/records/requirement.ts';
import { attachSbom } from '../src/records/sbom.ts';
import { componentFiles, findComponent } from '../src/source/component.ts';
import type { OpenSource } from '../src/source/open.ts';
import type { SourceRepository } from '../src/source/repository.ts';
import { carryOut, type StageFindings, type StageWork } from './stage.ts';

export interface BuildDeps {
  readonly artifacts: ArtifactStore;
  /** Folder of the platform file, which relative addresses of sources start from. */
  readonly folder: string;
  readonly openSource: OpenSource;
  /** Copies a base image, its layers too, into a component's store. @throws BASE_INVALID, BASE_UNAVAILABLE */
  readonly pullBase: (store: ComponentStore, reference: string) => Promise<Descriptor>;
  /** Folder for work in progress. */
  readonly scratch: string;
  /** How dependencies are fetched. */
  readonly network: Network;
  readonly logger: Logger;
}

/**
 * Changes when the same source would be made into other bytes: by another builder, or in another form. It is part of
 * the build definition, so that older artifacts are not taken for these.
 */
const BUILDER = 'slipway-builder/2';

/**
 * Stage 2, Build (§6): exactly that commit, built twice in different surroundings without network, credentials or
 * anything of the runtime's state, into an image that is named by its bytes. What was built before from the same
 * revision and definition is adopted, once its bytes have been hashed again.
 */
export function createBuild(deps: BuildDeps): Pick<BuilderActivities, 'buildArtifact'> {
  return {
    buildArtifact: ({ deploymentId, consumes }) =>
      carryOut(deps, { stage: 'build', deploymentId, previous: consumes.digest }, async (work) => {
        const chain = await loadChain(work.store, deploymentId, 'change-intake', consumes.digest);
        const intake = chain['change-intake'].findings;
        const built =
          intake.returnTo === null ? await build(deps, intake, work) : await adoptRelease(intake.returnTo, work);
        await refuseQuarantined(work.store, built.findings.release.digest);
        return built;
      }),
  };
}

/** A rollback builds nothing: it takes the release as it is, hashed again, with what its own Build proved. */
async function adoptRelease(
  { version, digest, deploymentId }: LiveRelease,
  { store }: StageWork,
): Promise<StageFindings<'build'>> {
  const image = await standingImage(store, { version, digest });
  await verifyImage(store, digest);
  const evidence = await readEvidence(store, deploymentId, 'build');
  if (evidence !== null) await requireSignedEvidence(store, evidence, false);
  const own = evidence?.predicate.findings;
  if (!own) throw new SlipwayError('UNTRUSTED_EVIDENCE', `${deploymentId} has no evidence of how ${version} was built`);
  return { image, findings: { ...own, release: { version, digest }, adopted: true } };
}

async function build(deps: BuildDeps, intake: IntakeFindings, work: StageWork): Promise<StageFindings<'build'>> {
  const { store, target } = work;
  const { revision } = intake.source;
  const platform = parsePlatform(await readPlatform(store, intake.platform));
  const repository = deps.openSource({ platform, folder: deps.folder }, intake.source.repository);
  await repository.fetch();
  const { folder, manifest } = await findComponent(repository, revision, target.component);
  const definition = definitionOf(revision, folder, manifest);
  const ordered = { intake, work, platform, repository, folder, manifest, definition };
  const stored = await readProvenance(store, definition, target.environment);
  if (stored === null) return await buildAnew(deps, ordered);
  const adopted = await adoptStored(store, stored);
  if (!isTooWeak(adopted.findings.sandbox, requiredSandbox(platform, target))) return adopted;
  const again = await buildAnew(deps, ordered);
  refuseOther(adopted.findings, again.findings);
  return again;
}

/** What was built in a weaker sandbox is promoted, not replaced: built again, it has to come out the same (§8). */
function refuseOther(adopted: BuildFindings, again: BuildFindings): void {
  if (again.release.digest === adopted.release.digest) return;
  throw new SlipwayError(
    'NOT_REPRODUCIBLE',
    `${adopted.release.version}, which was built in sandbox ${adopted.sandbox}, came out as ${again.release.version} ` +
      `in sandbox ${again.sandbox}; expected the same bytes: find out what the weaker sandbox let into it`,
  );
}

/** What a builder vouches for is not built again, once its bytes have been hashed. */
async function adoptStored(store: ComponentStore, stored: Provenance): Promise<StageFindings<'build'>> {
  await verifyImage(store, stored.release.digest);
  return { image: await standingImage(store, stored.release), findings: { ...stored, adopted: true } };
}

interface Ordered {
  readonly intake: IntakeFindings;
  readonly work: StageWork;
  readonly platform: Platform;
  readonly repository: SourceRepository;
  readonly folder: string;
  readonly manifest: Manifest;
  readonly definition: Digest;
}

async function buildAnew(deps: BuildDeps, ordered: Ordered): Promise<StageFindings<'build'>> {
  const { intake, work, platform, repository, folder, manifest, definition } = ordered;
  const { store, signal } = work;
  const startedAt = new Date().toISOString();
  const { revision, committedAt } = intake.source;
  const { sandbox: wanted, npm: _, ...limits } = platform.build;
  const sandbox = await openSandbox(wanted);
  refuseWeakSandbox(`${work.deploymentId} is not built`, sandbox.kind, platform, work.target);
  const files = await repository.files(revision, componentFiles({ folder, inputs: manifest.build.inputs }));
  await mkdir(deps.scratch, { recursive: true });
  const scratch = await mkdtemp(join(deps.scratch, 'build-'));
  try {
    const component = { files, folder };
    const around = { ...component, sandbox, limits, signal };
    // First, so that a base that cannot be had is known before a component's code has run.
    const base = manifest.build.base === undefined ? null : await chooseBase(deps, store, manifest.build.base);
    const dependencies = await fetchDependencies(
      manifest.build.dependencies,
      { build: platform.build, network: deps.network },
      { ...around, caches: join(deps.scratch, 'dependencies') },
    );
    const built = await buildTwice({
      ...around,
      build: manifest.build,
      sourceDateEpoch: committedAt,
      dependencies: dependencies?.inside,
      scratch,
    });
    const source = { repository: repository.name, revision, committedAt };
    const { digest, descriptor } = await assembleImage({
      store,
      folder: built.folder,
      manifest: sealedManifest(manifest),
      settings: manifest.image,
      base,
      source,
    });
    const release = { version: versionOf({ committedAt, revision, digest }), digest };
    const [first, second] = built.builds;
    await claimVersion(store, release.version, descriptor);
    const builds = [first.digest, second.digest] as const;
    const appendedTo =
      base === null ? null : { reference: manifest.build.base ?? base.name, digest: base.descriptor.digest };
    const sbom = sbomOf({ ...component, ...release, component: manifest.component, committedAt, base: appendedTo });
    const origin: BuildOrigin = {
      deploymentId: work.deploymentId,
      startedAt,
      finishedAt: notBefore(startedAt, new Date().toISOString()),
      source: { repository: repository.name, revision, folder: folder === '' ? '.' : folder },
      dependencies: dependencies?.fetched ?? null,
      base: appendedTo,
      sbom: await attachSbom(store, descriptor, sbom),
    };
    const findings = { release, adopted: false, definition, sandbox: built.sandbox, builds, origin };
    await sealProvenance(store, findings, descriptor);
    return { image: descriptor, findings };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function chooseBase({ pullBase }: BuildDeps, store: ComponentStore, reference: string): Promise<ChosenBase> {
  const parsed = parseBaseReference(reference);
  if (!('kind' in parsed)) throw new SlipwayError('BASE_INVALID', `found ${parsed.found}, expected ${parsed.expected}`);
  const descriptor = await pullBase(store, reference);
  if (descriptor.digest === parsed.digest) return { name: parsed.name, descriptor };
  throw new SlipwayError('ARTIFACT_CORRUPT', `${reference} was brought as ${descriptor.digest}: pull it again`);
}

/** What decides the bytes: the revision, where the component lies, how it is built, and what is sealed in with it. */
function definitionOf(revision: string, folder: string, manifest: Manifest): Digest {
  return digestOf(Buffer.from(canonicalJson({ builder: BUILDER, revision, folder, manifest })));
}
