import type { Digest } from '../contract/digest.ts';
import { SlipwayError } from '../contract/failure.ts';
import type { Finding } from './finding.ts';
import type { Verifier } from './verifier.ts';

export interface BytesDeps {
  /** Reads every blob of the artifact again. @throws ARTIFACT_CORRUPT when its bytes are not those that Build sealed. */
  readonly checkBytes: (artifact: Digest) => Promise<void>;
}

/** What is verified is what was built (§6: artifacts are immutable). Applies to every artifact. */
export function createBytesVerifier({ checkBytes }: BytesDeps): Verifier {
  return {
    id: 'bytes',
    appliesTo: () => true,
    async verify({ artifact }) {
      const finding = { rule: 'bytes', place: artifact, clause: '§6' } satisfies Partial<Finding>;
      try {
        await checkBytes(artifact);
      } catch (error) {
        if (!(error instanceof SlipwayError && error.code === 'ARTIFACT_CORRUPT')) throw error;
        return [{ ...finding, verdict: 'fail', message: error.message }];
      }
      return [{ ...finding, verdict: 'pass', message: 'the bytes are those of the build evidence' }];
    },
  };
}
