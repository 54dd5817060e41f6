import type { Logger } from 'pino';
import { readManifest, verifyImage } from '../src/artifacts/image.ts';
import type { ArtifactStore } from '../src/artifacts/store.ts';
import { parsePlatform } from '../src/config/load.ts';
import type { Platform } from '../src/config/platform.ts';
import type { BuilderActivities } from '../src/contract/activities.ts';
import { SlipwayError } from '../src/contract/failure.ts';
import type { LiveRelease, ReleaseRef } from '../src/contract/release.ts';
import { levelOf } from '../src/contract/slsa.ts';
import { loadChain } from '../src/records/chain.ts';
import { loadCompletedChain } from '../src/records/completed.ts';
import { standingImage } from '../src/records/image.ts';
import { readPlatform } from '../src/records/platform.ts';
import { createReleaseVerifier } from '../src/verification/release.ts';
import { verifyArtifact, type Verification, type Verifier } from '../src/verification/verifier.ts';
import { createVerifiers } from '../src/verification/verifiers.ts';
import { carryOut, type StageWork } from './stage.ts';
import { withTrial } from './trial.ts';

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
          findings: {
            artifact: release.digest,
            verdict,
            findings,
            sandbox,
            summary: { platform, level: levelOf(chain.build.findings) },
          },
          ...(verdict !== 'pass' && { failure: refusal(verdict, findings) }),
        };
      }),
  };
}

/** Runs the artifact as a throwaway instance, and has every verifier look at it. */
async function tryOut(
  deps: VerificationDeps,
  { digest }: ReleaseRef,
  platform: Platform,
  { store, signal }: StageWork,
): Promise<Verified> {
  return await withTrial(deps, { store, digest, platform }, async ({ manifest, sandbox, deps: trial }) => {
    const verifiers = createVerifiers({ checkBytes: (artifact) => verifyImage(store, artifact), ...trial });
    return { ...(await verifyArtifact({ artifact: digest, manifest, signal }, verifiers)), sandbox };
  });
}

async function proveAgain(returnTo: LiveRelease, { store, signal }: StageWork): Promise<Verification> {
  const verifiers: readonly Verifier[] = [
    createReleaseVerifier({
      checkRelease: async () => void (await loadCompletedChain(store, returnTo)),
      checkBytes: (digest) => verifyImage(store, digest),
    }),
  ];
  const manifest = await readManifest(store, returnTo.digest);
  return await verifyArtifact({ artifact: returnTo.digest, manifest, signal }, verifiers);
}

function refusal(verdict: Verification['verdict'], findings: Verification['findings']): SlipwayError {
  const reasons = findings
    .filter((finding) => finding.verdict !== 'pass')
    .map(({ place, message }) => `${place}: ${message}`);
  const code = verdict === 'fail' ? 'VERIFICATION_FAILED' : 'VERIFICATION_INCONCLUSIVE';
  return new SlipwayError(code, reasons.join('\n') || 'no verifier said anything');
}
