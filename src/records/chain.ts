import type { ComponentStore } from '../artifacts/store.ts';
import { faultOfChain, type Chain } from '../contract/chain.ts';
import type { Digest } from '../contract/digest.ts';
import { SlipwayError } from '../contract/failure.ts';
import { STAGES, type Stage } from '../contract/stages.ts';
import { readEvidenceByDigest, type SealedEvidence } from './evidence.ts';

/** A chain that goes as far as a stage that comes after `S`'s predecessors: their findings are there, by type. */
export type ChainTo<S extends Stage> = Required<Pick<Chain, StagesTo<S>>>;

interface UpTo {
  'change-intake': 'change-intake';
  build: UpTo['change-intake'] | 'build';
  verification: UpTo['build'] | 'verification';
  release: UpTo['verification'] | 'release';
  deploy: UpTo['release'] | 'deploy';
  'post-deploy-verification': UpTo['deploy'] | 'post-deploy-verification';
  completion: UpTo['post-deploy-verification'] | 'completion';
}
type StagesTo<S extends Stage> = UpTo[S];

/**
 * Loads and checks the chain of evidence that ends with `last`: each link is of its stage and of this deployment,
 * passed, and holds the digest of the one before it (§4, §15). Whoever acts on a chain loads it himself.
 * @throws UNTRUSTED_EVIDENCE, ARTIFACT_CORRUPT
 */
export async function loadChain<S extends Stage>(
  store: ComponentStore,
  deploymentId: string,
  last: S,
  digest: Digest,
): Promise<ChainTo<S>> {
  const links: Record<string, unknown> = {};
  let next: Digest | null = digest;
  for (const stage of STAGES.slice(0, STAGES.indexOf(last) + 1).toReversed()) {
    if (next === null) throw untrusted(deploymentId, `the chain ends before ${stage}`);
    const link: SealedEvidence = await readEvidenceByDigest(store, stage, next);
    links[stage] = link;
    next = link.predicate.previous;
  }
  const chain = links as ChainTo<S>;
  const fault = faultOfChain(chain, deploymentId, last);
  if (fault !== null) throw untrusted(deploymentId, `${fault.reason} (${fault.clause})`);
  return chain;
}

function untrusted(deploymentId: string, reason: string): SlipwayError {
  return new SlipwayError(
    'UNTRUSTED_EVIDENCE',
    `the evidence of ${deploymentId} does not hold: ${reason}; nothing was done: submit the change again`,
  );
}
