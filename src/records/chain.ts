import type { ComponentStore } from '../artifacts/store.ts';
import { faultOfChain, type Chain } from '../contract/chain.ts';
import type { Digest } from '../contract/digest.ts';
import type { Findings } from '../contract/evidence.ts';
import { SlipwayError } from '../contract/failure.ts';
import { STAGES, type Stage } from '../contract/stages.ts';
import { readEvidenceByDigest, requireSignedEvidence, type SealedEvidence } from './evidence.ts';

/** What the stages up to `S` have proved, by stage: a checked chain, in which nothing is missing. */
export type ChainTo<S extends Stage> = { readonly [K in UpTo[S]]: Proved<K> };

export interface Proved<S extends Stage> {
  readonly digest: Digest;
  /** The activity's clock. */
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly findings: Findings[S];
}

interface UpTo {
  'change-intake': 'change-intake';
  build: UpTo['change-intake'] | 'build';
  verification: UpTo['build'] | 'verification';
  release: UpTo['verification'] | 'release';
  deploy: UpTo['release'] | 'deploy';
  'post-deploy-verification': UpTo['deploy'] | 'post-deploy-verification';
  completion: UpTo['post-deploy-verification'] | 'completion';
}

/**
 * Loads and checks the chain of evidence that ends with `last`: each link is of its stage and of this deployment,
 * passed, and holds the digest of the one before it (§4, §15), and is signed by the role of its stage. Whoever acts on a
 * chain loads it himself.
 * @param acting whether the deployment goes on; see {@link requireSignedEvidence}
 * @throws UNTRUSTED_EVIDENCE, ARTIFACT_CORRUPT
 */
export async function loadChain<S extends Stage>(
  store: ComponentStore,
  deploymentId: string,
  last: S,
  digest: Digest,
  acting = true,
): Promise<ChainTo<S>> {
  const links: Record<string, SealedEvidence> = {};
  let next: Digest | null = digest;
  for (const stage of STAGES.slice(0, STAGES.indexOf(last) + 1).toReversed()) {
    if (next === null) throw untrusted(deploymentId, `the chain ends before ${stage}`);
    const link: SealedEvidence = await readEvidenceByDigest(store, stage, next);
    await requireSignedEvidence(store, link, acting);
    links[stage] = link;
    next = link.predicate.previous;
  }
  const fault = faultOfChain(links as Chain, deploymentId, last);
  if (fault !== null) throw untrusted(deploymentId, `${fault.reason} (${fault.clause})`);
  const proved = Object.entries(links).map(([stage, { digest, predicate }]) => [
    stage,
    { digest, startedAt: predicate.startedAt, finishedAt: predicate.finishedAt, findings: predicate.findings },
  ]);
  return Object.fromEntries(proved) as ChainTo<S>;
}

function untrusted(deploymentId: string, reason: string): SlipwayError {
  return new SlipwayError(
    'UNTRUSTED_EVIDENCE',
    `the evidence of ${deploymentId} does not hold: ${reason}; nothing was done: submit the change again`,
  );
}
