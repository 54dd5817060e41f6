import type { ComponentStore } from '../artifacts/store.ts';
import { parsePlatform } from '../config/load.ts';
import type { Act } from '../contract/acts.ts';
import type { DeploymentRecord } from '../contract/record.ts';
import { consequencesOf } from '../contract/sealed-record.ts';
import { appendAct, setQuarantine, standingAct } from './acts.ts';
import { readSignedEvidence } from './evidence.ts';
import { deploymentOf } from './names.ts';
import { environmentOf, readPlatform } from './platform.ts';
import type { StandingRecord } from './record.ts';

/** Seals the acts that follow from a record: hold and quarantine. Repeated, however late, it seals nothing more. */
export async function sealConsequences(
  store: ComponentStore,
  { record, order, sealedAt }: StandingRecord,
): Promise<void> {
  if (record.deploymentId === null) return;
  const { n, ...target } = deploymentOf(record.deploymentId);
  const intake = (await readSignedEvidence(store, record.deploymentId, 'change-intake'))?.predicate.findings;
  if (!intake) return; // it was never admitted, so nothing was changed
  const platform = parsePlatform(await readPlatform(store, intake.platform));
  const { afterRollback } = environmentOf(platform, target.environment);
  for (const act of consequencesOf(record, order, afterRollback)) {
    const key = keyOfConsequence(record, act.kind);
    if ((await standingAct(store, { target, key, since: n })) !== null) continue;
    // The act comes last: where it stands all of it was done, and what a person has done since is not undone.
    if (act.kind === 'quarantine') await setQuarantine(store, act, key);
    await appendAct(store, { target, act, key, at: sealedAt, since: n });
  }
}

/** Names the act of one kind that follows from a record: there is one at most. */
export function keyOfConsequence({ deploymentId }: DeploymentRecord, kind: Act['kind']): string {
  return `${deploymentId}:${kind}`;
}
