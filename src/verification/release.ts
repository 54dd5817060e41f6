import { SlipwayError } from '../contract/failure.ts';
import { createBytesVerifier, type BytesDeps } from './bytes.ts';
import type { Verifier } from './verifier.ts';

export interface ReleaseDeps extends BytesDeps {
  /** Checks the evidence of the deployment that completed with this release. @throws UNTRUSTED_EVIDENCE, ARTIFACT_CORRUPT */
  readonly checkRelease: () => Promise<void>;
}

/** A release that a rollback returns to: it was released and completed here, and its evidence and bytes are whole (§13). */
export function createReleaseVerifier(deps: ReleaseDeps): Verifier {
  const bytes = createBytesVerifier(deps);
  return {
    id: 'release',
    appliesTo: () => true,
    async verify(context) {
      const finding = { rule: 'release', place: context.artifact, clause: '§13' } as const;
      try {
        await deps.checkRelease();
      } catch (error) {
        if (!(error instanceof SlipwayError) || error.fault === 'platform') throw error;
        return [{ ...finding, verdict: 'fail', message: error.message }];
      }
      const message = 'its own chain of evidence holds, through all seven stages';
      return [{ ...finding, verdict: 'pass', message }, ...(await bytes.verify(context))];
    },
  };
}
