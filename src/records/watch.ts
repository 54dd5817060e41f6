import type { ComponentStore, Descriptor } from '../artifacts/store.ts';
import { readDocument, sealDocument } from '../artifacts/sealed.ts';
import { parsePlatform } from '../config/load.ts';
import { hexOf, type Digest } from '../contract/digest.ts';
import { SlipwayError } from '../contract/failure.ts';
import type { LiveRelease } from '../contract/release.ts';
import type { Target } from '../contract/target.ts';
import type { DegradationPredicate, WatchDuty } from '../contract/watch.ts';
import { readActs } from './acts.ts';
import { believe, isActedOn, requireBound } from './belief.ts';
import { DOCUMENT, PREDICATE, stateThat } from './document-types.ts';
import { readEvidence } from './evidence.ts';
import { deploymentOf, nameOf } from './names.ts';
import { environmentOf, readPlatform } from './platform.ts';
import type { StandingRecord } from './record.ts';

export interface StandingDegradation extends DegradationPredicate {
  /** Of the sealed envelope. */
  readonly evidence: Digest;
  /** The name of the key that signed it; null for evidence of versions that did not sign. */
  readonly key: string | null;
}

/** That a release degraded, as it was sealed; null while it has not. @throws UNTRUSTED_EVIDENCE, ARTIFACT_CORRUPT */
export async function readDegradation(
  store: ComponentStore,
  deploymentId: string,
): Promise<StandingDegradation | null> {
  const found = await readDocument(store, nameOf.watch(deploymentId));
  if (found === null) return null;
  const predicate = found.statement.predicate as DegradationPredicate;
  requireBound(predicate.deploymentId === deploymentId, `the evidence that ${deploymentId} degraded`);
  const claim = {
    roles: ['deployer'],
    environment: deploymentOf(deploymentId).environment,
    at: predicate.finishedAt,
  } as const;
  const key = await believe(store, found, claim, `the evidence that ${deploymentId} degraded`);
  return { ...predicate, evidence: found.digest, key };
}

/** Seals that a release degraded; the first one sealed stands. */
export async function sealDegradation(
  store: ComponentStore,
  predicate: DegradationPredicate,
  image: Descriptor,
): Promise<StandingDegradation> {
  const { deploymentId, digest } = predicate;
  const subject = [{ name: store.component, digest: { sha256: hexOf(digest) } }];
  const statement = stateThat(PREDICATE.watch, predicate, subject);
  const name = nameOf.watch(deploymentId);
  const sealed = await sealDocument({ store, name, artifactType: DOCUMENT.watch, statement, subject: image });
  const standing = await readDegradation(store, deploymentId);
  if (standing !== null) return standing;
  throw new SlipwayError('STORE_UNAVAILABLE', `${sealed.digest} was sealed as ${name} and cannot be read back`);
}

/**
 * Whether the live release is still to be watched: it completed here, its environment says for how long, and that time
 * is not over. One that has degraded stays a duty until the rollback that follows from it has been ordered.
 * @param records of the target, newest first
 */
export async function watchDutyOf(
  store: ComponentStore,
  target: Target,
  live: LiveRelease | null,
  records: readonly StandingRecord[],
): Promise<WatchDuty | null> {
  const completed = records.find(({ record }) => record.deploymentId === live?.deploymentId);
  if (live === null || completed?.record.result !== 'completed') return null;
  const watch = await watchOf(store, target, live.deploymentId);
  if (watch === null) return null;
  const until = Date.parse(completed.record.stages.at(-1)?.finishedAt ?? completed.sealedAt) + watch;
  const { deploymentId } = live;
  const duty = { deploymentId, until: new Date(until).toISOString() };
  const degradation = await readDegradation(store, deploymentId);
  if (degradation === null || !(await isActedOn(store, degradation.key))) return Date.now() < until ? duty : null;
  return (await isOrdered(store, target, deploymentId, records)) ? null : duty;
}

/** Milliseconds; null where the environment says nothing, or its platform file is read no more. */
async function watchOf(store: ComponentStore, target: Target, deploymentId: string): Promise<number | null> {
  const evidence = await readEvidence(store, deploymentId, 'change-intake');
  const intake = evidence?.predicate.findings;
  if (!intake || !(await isActedOn(store, evidence.key))) return null;
  const platform = parsePlatform(await readPlatform(store, intake.platform));
  return environmentOf(platform, target.environment).watch ?? null;
}

async function isOrdered(
  store: ComponentStore,
  target: Target,
  deploymentId: string,
  records: readonly StandingRecord[],
): Promise<boolean> {
  const ended = (await readActs(store, target)).flatMap(({ act }) => (act.kind === 'order-ended' ? [act] : []));
  return [...records, ...ended].some(
    ({ order }) => order.kind === 'rollback' && order.degradation?.deploymentId === deploymentId,
  );
}
