import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { readManifest, removeUnpacked, unpackImage, verifyImage } from '../src/artifacts/image.ts';
import type { ArtifactStore, ComponentStore } from '../src/artifacts/store.ts';
import { openSandbox } from '../src/build/sandbox.ts';
import { parsePlatform } from '../src/config/load.ts';
import type { Platform } from '../src/config/platform.ts';
import type { BuilderActivities } from '../src/contract/activities.ts';
import { SlipwayError } from '../src/contract/failure.ts';
import type { LiveRelease, ReleaseRef } from '../src/contract/release.ts';
import { createProber } from '../src/health/probe.ts';
import { loadChain } from '../src/records/chain.ts';
import { standingImage } from '../src/records/image.ts';
import { readPlatform } from '../src/records/platform.ts';
import { readRecord } from '../src/records/record.ts';
import { createReleaseVerifier } from '../src/verification/release.ts';
import { createTrial } from '../src/verification/trial.ts';
import { verifyArtifact, type Verification, type Verifier } from '../src/verification/verifier.ts';
import { createVerifiers } from '../src/verification/verifiers.ts';
import { carryOut, type StageWork } from './stage.ts';

export interface VerificationDeps {
  readonly artifacts: ArtifactStore;
  /** Folder for work in progress. */
  readonly scratch: string;
  readonly logger: Logger;
}

type Verified = Verification & { readonly sandbox: string };

/**
 * Stage 3, Verification (§7): validates the very bytes that were built, running, before anything marks them as
 * eligible. A failure blocks, and so does what could not be told. A rollback's release has run here already: what is
 * proved again is its own evidence, and its bytes.
 */
export function createVerification(deps: VerificationDeps): Pick<BuilderActivities, 'verifyArtifact'> {
  return {
    verifyArtifact: ({ deploymentId, consumes }) =>
      carryOut(deps, { stage: 'verification', deploymentId, previous: consumes.digest }, async (work) => {
        const { store } = work;
        const chain = await loadChain(store, deploymentId, 'build', consumes.digest);
        const { platform, returnTo } = chain['change-intake'].findings;
        const { release } = chain.build.findings;
        const { verdict, findings, sandbox } =
          returnTo === null
            ? await tryOut(deps, release, parsePlatform(await readPlatform(store, platform)), work)
            : { ...(await proveAgain(returnTo, work)), sandbox: 'none needed' };
        return {
          image: await standingImage(store, release),
          findings: { artifact: release.digest, verdict, findings, sandbox },
          ...(verdict !== 'pass' && { failure: refusal(verdict, findings) }),
        };
      }),
  };
}

/** Runs the artifact as a throwaway instance, and has every verifier look at it. */
async function tryOut(
  deps: VerificationDeps,
  release: ReleaseRef,
  platform: Platform,
  work: StageWork,
): Promise<Verified> {
  const { store, signal } = work;
  const { sandbox: wanted, timeout: _, ...limits } = platform.build;
  const sandbox = await openSandbox(wanted);
  await mkdir(deps.scratch, { recursive: true });
  const scratch = await mkdtemp(join(deps.scratch, 'verification-'));
  const folder = join(scratch, 'artifact');
  const prober = createProber();
  try {
    await unpackImage(store, release.digest, folder);
    const manifest = await readManifest(store, release.digest);
    const verifiers = createVerifiers({
      checkBytes: (digest) => verifyImage(store, digest),
      ...createTrial({ sandbox, folder, scratch, limits, prober }),
    });
    const verification = await verifyArtifact({ artifact: release.digest, manifest, signal }, verifiers);
    return { ...verification, sandbox: sandbox.kind };
  } finally {
    await prober.close();
    await removeUnpacked(folder);
    await rm(scratch, { recursive: true, force: true });
  }
}

async function proveAgain(returnTo: LiveRelease, { store, signal }: StageWork): Promise<Verification> {
  const verifiers: readonly Verifier[] = [
    createReleaseVerifier({
      checkRelease: () => checkRelease(store, returnTo),
      checkBytes: (digest) => verifyImage(store, digest),
    }),
  ];
  const manifest = await readManifest(store, returnTo.digest);
  return await verifyArtifact({ artifact: returnTo.digest, manifest, signal }, verifiers);
}

/** The whole chain of the deployment that completed with this release holds, and speaks of these bytes. */
async function checkRelease(store: ComponentStore, { deploymentId, digest }: LiveRelease): Promise<void> {
  const record = await readRecord(store, deploymentId);
  const evidence = record?.record.stages.at(-1)?.evidence;
  if (!record || !evidence || record.record.result !== 'completed') {
    throw new SlipwayError('UNTRUSTED_EVIDENCE', `${deploymentId} has no record of having completed`);
  }
  const chain = await loadChain(store, deploymentId, 'completion', evidence);
  if (chain.release.findings.release.digest !== digest) {
    throw new SlipwayError(
      'UNTRUSTED_EVIDENCE',
      `${deploymentId} released ${chain.release.findings.release.digest}, not ${digest}`,
    );
  }
}

function refusal(verdict: Verification['verdict'], findings: Verification['findings']): SlipwayError {
  const reasons = findings
    .filter((finding) => finding.verdict !== 'pass')
    .map(({ place, message }) => `${place}: ${message}`);
  const code = verdict === 'fail' ? 'VERIFICATION_FAILED' : 'VERIFICATION_INCONCLUSIVE';
  return new SlipwayError(code, reasons.join('\n') || 'no verifier said anything');
}
