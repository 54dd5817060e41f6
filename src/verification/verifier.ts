import type { Digest } from '../contract/digest.ts';
import type { SealedManifest } from '../config/manifest.ts';
import { combine, type Verdict } from '../health/verdict.ts';
import { Inconclusive, type Finding } from './finding.ts';

/** The artifact under verification (§7). */
export interface VerificationContext {
  readonly artifact: Digest;
  readonly manifest: SealedManifest;
  readonly signal?: AbortSignal | undefined;
}

/** One way to validate an artifact before its release. */
export interface Verifier {
  readonly id: string;
  appliesTo(context: VerificationContext): boolean;
  /** @throws Inconclusive when our own side kept it from telling; all else that it throws is thrown on. */
  verify(context: VerificationContext): Promise<readonly Finding[]>;
}

export interface Verification {
  /** Any fail fails; else anything inconclusive, or no finding at all, is inconclusive. Both block (§7). */
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
}

/**
 * Has every verifier that applies look at the artifact, one after the other, whatever those before it found: people
 * want to know all that is wrong.
 */
export async function verifyArtifact(
  context: VerificationContext,
  verifiers: readonly Verifier[],
): Promise<Verification> {
  const findings: Finding[] = [];
  for (const verifier of verifiers.filter((candidate) => candidate.appliesTo(context))) {
    findings.push(...(await findingsOf(verifier, context)));
  }
  return { verdict: combine(findings.map(({ verdict }) => verdict)), findings };
}

async function findingsOf(verifier: Verifier, context: VerificationContext): Promise<readonly Finding[]> {
  try {
    return await verifier.verify(context);
  } catch (error) {
    if (!(error instanceof Inconclusive)) throw error;
    const { message } = error;
    return [{ rule: verifier.id, verdict: 'inconclusive', place: context.artifact, clause: '§7', message }];
  }
}
