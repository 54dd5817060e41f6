import { readManifest } from '../artifacts/image.ts';
import type { ArtifactStore } from '../artifacts/store.ts';
import type { DeploymentRecord } from '../contract/record.ts';
import { parseTarget } from '../contract/target.ts';
import { readEvidence } from '../records/evidence.ts';
import { targetHistory } from '../records/target.ts';
import { verifyDeployment, type Verification } from '../records/verify.ts';
import type { RequestCount } from './client.ts';

/** What a demo came to: the document that `--json` prints. */
export interface DemoOutcome {
  /** As the store has them, in the order in which they began. */
  readonly records: readonly DeploymentRecord[];
  readonly requests: RequestCount;
  /** Those of each step that was told, in their order. */
  readonly requestsByStep: readonly StepRequests[];
  /** By deployment id. */
  readonly verified: Readonly<Record<string, Verification['verdict']>>;
  /** The keys that signed each deployment, by its id; `null` among them stands for what nobody signed. */
  readonly signedBy: Readonly<Record<string, readonly (string | null)[]>>;
  /** Whether each agent that took over from another found its instance folder as that one had left it (§3). */
  readonly instancesUnchanged: boolean;
}

/** What the client saw in one step. */
export interface StepRequests extends RequestCount {
  readonly step: string;
  /** Whether some may fail: something bad was live for a moment. */
  readonly mayFail: boolean;
}

/** What the store alone says of a demo, once all is told. */
export interface Findings {
  readonly records: readonly DeploymentRecord[];
  readonly verifications: readonly Verification[];
  readonly instancesUnchanged: boolean;
}

export async function readFindings(artifacts: ArtifactStore, environments: readonly string[]): Promise<Findings> {
  const records = await recordsOf(artifacts, environments);
  const ids = records.flatMap(({ deploymentId }) => deploymentId ?? []);
  const verifications: Verification[] = [];
  for (const id of ids) verifications.push(await verifyDeployment(artifacts, id));
  const changed = await Promise.all(records.map((record) => foundChanged(artifacts, record)));
  return { records, verifications, instancesUnchanged: !changed.includes(true) };
}

export function outcomeOf(
  { records, verifications, instancesUnchanged }: Findings,
  requests: RequestCount,
  requestsByStep: readonly StepRequests[],
): DemoOutcome {
  const verified = Object.fromEntries(verifications.map(({ id, verdict }) => [id, verdict]));
  const signedBy = Object.fromEntries(verifications.map(({ id, signers }) => [id, keysOf(signers)]));
  return { records, requests, requestsByStep, verified, signedBy, instancesUnchanged };
}

/** Each key that signed something of a deployment, once. */
export function keysOf(signers: Verification['signers']): readonly (string | null)[] {
  return [...new Set(signers.map(({ key }) => key))];
}

/** What a demo must show, whatever its story: each broken promise as a sentence; none when all are kept. */
export function brokenPromises(outcome: DemoOutcome): readonly string[] {
  const { records, requests, requestsByStep, verified, signedBy, instancesUnchanged } = outcome;
  const broken = Object.entries(verified)
    .filter(([, verdict]) => verdict !== 'VALID')
    .map(([id, verdict]) => `${id} is ${verdict}`);
  for (const [id, keys] of Object.entries(signedBy)) {
    if (keys.includes(null)) broken.push(`something of ${id} is not signed`);
  }
  if (records.length === 0) broken.push('the store has no record of any deployment');
  if (requests.sent === 0) broken.push('no request was sent');
  for (const { step, sent, failed, mayFail } of requestsByStep) {
    if (failed > 0 && !mayFail) broken.push(`${failed} of ${sent} requests failed in "${step}"`);
  }
  if (!instancesUnchanged) broken.push('an instance folder was changed by a deployment, or nobody knows');
  return broken;
}

async function recordsOf(
  artifacts: ArtifactStore,
  environments: readonly string[],
): Promise<readonly DeploymentRecord[]> {
  const components = await artifacts.components();
  const histories = components.flatMap((component) =>
    environments.map((environment) => targetHistory(artifacts.component(component), { environment, component })),
  );
  return (await Promise.all(histories)).flat().toSorted((a, b) => beginningOf(a).localeCompare(beginningOf(b)));
}

function beginningOf({ stages }: DeploymentRecord): string {
  return stages[0]?.startedAt ?? '';
}

/**
 * Whether an agent's instance folder was not the same once the old version had stopped and before the new one started.
 * Hashes that are missing count as changed: what nobody looked at is not known to be the same.
 */
async function foundChanged(artifacts: ArtifactStore, record: DeploymentRecord): Promise<boolean> {
  const { deploymentId, artifact, from, stages } = record;
  const target = parseTarget(record.target);
  const deployed = stages.some(({ stage, result }) => stage === 'deploy' && result === 'passed');
  if (target === null || deploymentId === null || artifact === null || from === null || !deployed) return false;
  const store = artifacts.component(target.component);
  if ((await readManifest(store, artifact.digest)).kind !== 'agent') return false;
  const evidence = await readEvidence(store, deploymentId, 'deploy');
  const hashes = evidence?.predicate.findings?.instanceFolderHashes;
  return !hashes || hashes.before !== hashes.after;
}
