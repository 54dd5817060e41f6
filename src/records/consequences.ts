import type { ComponentStore } from '../artifacts/store.ts';
import { parsePlatform } from '../config/load.ts';
import { consequencesOf } from '../contract/sealed-record.ts';
import { parseTarget } from '../contract/target.ts';
import { appendAct, setQuarantine } from './acts.ts';
import { readEvidence } from './evidence.ts';
import { environmentOf, readPlatform } from './platform.ts';
import type { StandingRecord } from './record.ts';

/** Seals the acts that follow from a record: hold and quarantine. Repeated, it seals nothing more. */
export async function sealConsequences(store: ComponentStore, { record, order, sealedAt }: StandingRecord): Promise<void> {
  const target = parseTarget(record.target);
  if (target === null || record.deploymentId === null) return;
  const intake = (await readEvidence(store, record.deploymentId, 'change-intake'))?.predicate.findings;
  if (!intake) return; // it was never admitted, so nothing was changed
  const platform = parsePlatform(await readPlatform(store, intake.platform));
  const { afterRollback } = environmentOf(platform, target.environment);
  for (const act of consequencesOf(record, order, afterRollback)) {
    await appendAct(store, { target, act, key: `${record.deploymentId}:${act.kind}`, at: sealedAt });
    if (act.kind === 'quarantine') await setQuarantine(store, act);
  }
}
