import type { ComponentStore } from '../artifacts/store.ts';
import type { IntakeFindings } from '../contract/evidence.ts';
import { codeOf, SlipwayError } from '../contract/failure.ts';
import type { RollbackOrder } from '../contract/order.ts';
import type { LiveRelease } from '../contract/release.ts';
import { formatTarget, type Target } from '../contract/target.ts';
import { whyUnreadable } from '../contract/way-back.ts';
import { quarantineOf } from './acts.ts';
import { dataUserOf } from './data.ts';
import { readEvidence } from './evidence.ts';
import type { StandingRecord } from './record.ts';
import { completedRelease } from './target.ts';

/**
 * The release that a rollback on request returns to (§13): the version it names, or else the newest that completed here
 * before the live one, is another, is not quarantined, and can read what the live one writes.
 * @param records of the target, newest first
 * @throws NO_RELEASE_TO_RETURN_TO, QUARANTINED
 */
export async function releaseToReturnTo(
  store: ComponentStore,
  records: readonly StandingRecord[],
  { target, version }: RollbackOrder,
  live: LiveRelease | null,
): Promise<{ readonly release: LiveRelease; readonly intake: IntakeFindings }> {
  const liveIndex = records.findIndex(({ record }) => record.deploymentId === live?.deploymentId);
  const candidates = version === null ? records.slice(liveIndex + 1) : records;
  for (const { record } of candidates) {
    const release = completedRelease(record);
    const isWanted =
      release !== null && (version === null ? release.digest !== live?.digest : release.version === version);
    if (!isWanted) continue;
    if ((await quarantineOf(store, release.digest)).quarantined) {
      if (version === null) continue;
      throw new SlipwayError(
        'QUARANTINED',
        `${version} (${release.digest}) was found bad where it was live: name another version, or slipway unquarantine it first`,
      );
    }
    if (version === null && live !== null && liveIndex >= 0) {
      // One that cannot read what the live one writes is no way back (§13); named, it is refused before Deploy.
      if (whyUnreadable(await dataUserOf(store, release), await dataUserOf(store, live)) !== null) continue;
    }
    const intake = (await readEvidence(store, release.deploymentId, 'change-intake'))?.predicate.findings;
    if (intake) return { release, intake };
  }
  const wanted =
    version === null
      ? 'an earlier release that is not quarantined, and reads what the live one writes,'
      : `version ${version}`;
  throw new SlipwayError(
    'NO_RELEASE_TO_RETURN_TO',
    `${wanted} has not completed on ${formatTarget(target)}: see slipway history ${formatTarget(target)}`,
  );
}

/** Whether a rollback that names no version would find a release to return to. */
export async function hasReleaseToReturnTo(
  store: ComponentStore,
  records: readonly StandingRecord[],
  target: Target,
  live: LiveRelease,
): Promise<boolean> {
  const order: RollbackOrder = { kind: 'rollback', requestId: '', target, by: '', reason: '', version: null };
  try {
    await releaseToReturnTo(store, records, order, live);
    return true;
  } catch (error) {
    if (codeOf(error) === 'NO_RELEASE_TO_RETURN_TO') return false;
    throw error;
  }
}
