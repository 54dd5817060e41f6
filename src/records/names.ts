import type { ComponentStore } from '../artifacts/store.ts';
import { hexOf, type Digest } from '../contract/digest.ts';
import { SlipwayError } from '../contract/failure.ts';
import type { Stage } from '../contract/stages.ts';
import { formatDeploymentId, formatTarget, parseDeploymentId, type Target } from '../contract/target.ts';

/**
 * Under which names a component's store keeps what Slipway knows. A name is given once and never moved, so "first one
 * sealed stands" holds for each of them; names of environments have no dots, so they can be read back.
 */
export const nameOf = {
  evidence: (id: string, stage: Stage): string => `evidence.${numbered(id)}.${stage}`,
  /** What was decided for the seventh stage: the completed record, or that this deployment is being restored. */
  outcome: (id: string): string => `outcome.${numbered(id)}`,
  record: (id: string): string => `record.${numbered(id)}`,
  records: (target: Target): string => `record.${target.environment}.`,
  /** That a release degraded after its completion. */
  watch: (id: string): string => `watch.${numbered(id)}`,
  history: (id: string): string => `history.${numbered(id)}`,
  act: (target: Target, number: number): string => `act.${target.environment}.${number}`,
  acts: (target: Target): string => `act.${target.environment}.`,
  quarantine: (digest: Digest, number: number): string => `quarantine.${hexOf(digest)}.${number}`,
  platform: (digest: Digest): string => `platform.${hexOf(digest)}`,
  /** By the SBOM's bytes too: nobody's stands in the way of another's. */
  sbom: (image: Digest, sbom: Digest): string => `sbom.${shortened(image)}.${shortened(sbom)}`,
  /** What was built of a definition, once for each kind of sandbox. */
  build: (definition: Digest, sandbox: string): string => `build.${hexOf(definition)}.${sandbox}`,
};

/** Reads a deployment id that a caller brought. @throws UNKNOWN_DEPLOYMENT */
export function deploymentOf(id: string): Target & { readonly n: number } {
  const parsed = parseDeploymentId(id);
  if (parsed === null) {
    throw new SlipwayError('UNKNOWN_DEPLOYMENT', `${id} is no deployment id: expected environment/component/number`);
  }
  return parsed;
}

/** The target of a deployment, written. @throws UNKNOWN_DEPLOYMENT */
export function targetOf(id: string): string {
  return formatTarget(deploymentOf(id));
}

/** The id of the deployment before, or null for the first. */
export function deploymentBefore(id: string): string | null {
  const { n, ...target } = deploymentOf(id);
  return n === 1 ? null : formatDeploymentId(target, n - 1);
}

/** The numbers that alone follow a prefix in the names of a store, rising. */
export async function numbersUnder(store: ComponentStore, prefix: string): Promise<readonly number[]> {
  const rests = (await store.names(prefix)).map((name) => name.slice(prefix.length));
  return rests
    .filter((rest) => /^[1-9]\d*$/.test(rest))
    .map(Number)
    .toSorted((a, b) => a - b);
}

/** A tag has 128 characters at most, which two whole digests exceed. */
function shortened(digest: Digest): string {
  return hexOf(digest).slice(0, 32);
}

function numbered(id: string): string {
  const { environment, n } = deploymentOf(id);
  return `${environment}.${n}`;
}
