import type { Logger } from 'pino';
import { verifyImage } from '../src/artifacts/image.ts';
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
import { createSecretsVerifier } from '../src/verification/secrets.ts';
import { verifyArtifact, type Verification } from '../src/verification/verifier.ts';
import { createVerifiers } from '../src/verification/verifiers.ts';
import { carryOut, type StageWork } from './stage.ts';
import { withScan, withTrial, withUnpacked } from './trial.ts';

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
 * proved again is its own evidence, its bytes, and that it holds no secrets.
 */
export function createVerification(deps: VerificationDeps): Pick<BuilderActivities, 'verifyArtifact'> {
  return {
    verifyArtifact: ({ deploymentId, consumes }) =>
      carryOut(deps, { stage: 'verification', deploymentId, previous: consumes.digest }, async (work) => {
        const { store } = work;
        const chain = await loadChain(store, deploymentId, 'build', consumes.digest);
        const { platform, returnTo } = chain['change-intake'].findings;
        const { release } = chain.build.findings;
        const declared = parsePlatform(await readPlatform(store, platform));
        const { verdict, findings, sandbox } =
          returnTo === null
            ? await tryOut(deps, release, declared, work)
            : { ...(await proveAgain(deps, returnTo, declared, work)), sandbox: 'none needed' };
        return {
          image: await standingImage(store, release),
          findings: {
            artifact: release.digest,
            verdict,
            findings,
            sandbox,
            summary: {
              platform,
              level: levelOf(chain.build.findings),
              inputs: returnTo === null ? [chain['change-intake'].digest, chain.build.digest] : [],
            },
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
  const { except } = platform.verification.secrets;
  return await withTrial(deps, { store, digest, platform }, (trial) =>
    withScan(trial, signal, async (scan) => {
      const { manifest, sandbox, deps: tries } = trial;
      const verifiers = createVerifiers({
        checkBytes: (artifact) => verifyImage(store, artifact),
        ...tries,
        scan,
        except,
      });
      return { ...(await verifyArtifact({ artifact: digest, manifest, signal }, verifiers)), sandbox };
    }),
  );
}

async function proveAgain(
  deps: VerificationDeps,
  returnTo: LiveRelease,
  platform: Platform,
  { store, target, signal }: StageWork,
): Promise<Verification> {
  const { digest } = returnTo;
  const { except } = platform.verification.secrets;
  return await withUnpacked(deps, { store, digest }, (unpacked) =>
    withScan(unpacked, signal, async (scan) => {
      const release = createReleaseVerifier({
        checkRelease: async () => void (await loadCompletedChain(store, target, returnTo)),
        checkBytes: (artifact) => verifyImage(store, artifact),
      });
      const verifiers = [release, createSecretsVerifier({ scan, except })];
      return await verifyArtifact({ artifact: digest, manifest: unpacked.manifest, signal }, verifiers);
    }),
  );
}

function refusal(verdict: Verification['verdict'], findings: Verification['findings']): SlipwayError {
  const reasons = findings
    .filter((finding) => finding.verdict !== 'pass')
    .map(({ place, message }) => `${place}: ${message}`);
  const code = verdict === 'fail' ? 'VERIFICATION_FAILED' : 'VERIFICATION_INCONCLUSIVE';
  return new SlipwayError(code, reasons.join('\n') || 'no verifier said anything');
}
