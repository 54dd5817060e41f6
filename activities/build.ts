import { canonicalJson } from '../src/artifacts/canonical.ts';
import { verifyImage } from '../src/artifacts/image.ts';
import type { ComponentStore } from '../src/artifacts/store.ts';
import { parsePlatform } from '../src/config/load.ts';
import type { Manifest } from '../src/config/manifest.ts';
import type { BuilderActivities } from '../src/contract/activities.ts';
import type { Digest } from '../src/contract/digest.ts';
import type { BuildFindings, IntakeFindings } from '../src/contract/evidence.ts';
import { SlipwayError } from '../src/contract/failure.ts';
import type { LiveRelease } from '../src/contract/release.ts';
import { isTooWeak } from '../src/contract/sandbox-strength.ts';
import { digestOf } from '../src/digest-of.ts';
import { refuseQuarantined } from '../src/records/acts.ts';
import { loadChain } from '../src/records/chain.ts';
import { readEvidence, requireSignedEvidence } from '../src/records/evidence.ts';
import { standingImage } from '../src/records/image.ts';
import { readPlatform } from '../src/records/platform.ts';
import { readProvenance, type Provenance } from '../src/records/provenance.ts';
import { requiredSandbox } from '../src/records/requirement.ts';
import { findComponent } from '../src/source/component.ts';
import { buildAnew, type BuildDeps } from './fresh-build.ts';
import { carryOut, type StageFindings, type StageWork } from './stage.ts';

export type { BuildDeps } from './fresh-build.ts';

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

/** What decides the bytes: the revision, where the component lies, how it is built, and what is sealed in with it. */
function definitionOf(revision: string, folder: string, manifest: Manifest): Digest {
  return digestOf(Buffer.from(canonicalJson({ builder: BUILDER, revision, folder, manifest })));
}
