import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { ChosenBase } from '../src/artifacts/base.ts';
import { assembleImage, claimVersion, versionOf } from '../src/artifacts/image.ts';
import type { ArtifactStore, ComponentStore, Descriptor } from '../src/artifacts/store.ts';
import { buildTwice } from '../src/build/build.ts';
import { fetchDependencies } from '../src/build/dependencies/fetch.ts';
import type { Network } from '../src/build/dependencies/network.ts';
import { nameLock } from '../src/build/dependencies/npm-locked.ts';
import { openSandbox } from '../src/build/sandbox.ts';
import { sbomOf } from '../src/build/sbom/sbom.ts';
import { type BaseReference, parseBaseReference } from '../src/config/base-reference.ts';
import { type Manifest, sealedManifest } from '../src/config/manifest.ts';
import type { Platform } from '../src/config/platform.ts';
import type { Digest } from '../src/contract/digest.ts';
import type { BuildOrigin, IntakeFindings } from '../src/contract/evidence.ts';
import { SlipwayError } from '../src/contract/failure.ts';
import { notBefore } from '../src/contract/time.ts';
import { sealProvenance } from '../src/records/provenance.ts';
import { refuseWeakSandbox } from '../src/records/requirement.ts';
import { attachSbom } from '../src/records/sbom.ts';
import { componentFiles } from '../src/source/component.ts';
import type { OpenSource } from '../src/source/open.ts';
import type { SourceRepository } from '../src/source/repository.ts';
import type { StageFindings, StageWork } from './stage.ts';

export interface BuildDeps {
  readonly artifacts: ArtifactStore;
  /** Folder of the platform file, which relative addresses of sources start from. */
  readonly folder: string;
  readonly openSource: OpenSource;
  /** Copies a base image, its layers too, into a component's store. @throws BASE_INVALID, BASE_UNAVAILABLE */
  readonly pullBase: (store: ComponentStore, reference: BaseReference) => Promise<Descriptor>;
  /** Folder for work in progress. */
  readonly scratch: string;
  /** How dependencies are fetched. */
  readonly network: Network;
  readonly logger: Logger;
}

/** What is to be built, and for which deployment. */
export interface Ordered {
  readonly intake: IntakeFindings;
  readonly work: StageWork;
  readonly platform: Platform;
  readonly repository: SourceRepository;
  readonly folder: string;
  readonly manifest: Manifest;
  readonly definition: Digest;
}

/**
 * Builds a component twice, makes an image of what came out, and seals how: version, SBOM and provenance.
 * @throws what any of these steps throws
 */
export async function buildAnew(deps: BuildDeps, ordered: Ordered): Promise<StageFindings<'build'>> {
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
      lock: nameLock(component),
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
  const descriptor = await pullBase(store, parsed);
  if (descriptor.digest === parsed.digest) return { name: parsed.name, descriptor };
  throw new SlipwayError('ARTIFACT_CORRUPT', `${reference} was brought as ${descriptor.digest}: pull it again`);
}
