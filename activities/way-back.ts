import { verifyImage } from '../src/artifacts/image.ts';
import type { ComponentStore } from '../src/artifacts/store.ts';
import { formatDuration } from '../src/config/duration.ts';
import { parsePlatform } from '../src/config/load.ts';
import type { IntakeFindings } from '../src/contract/evidence.ts';
import { codeOf, SlipwayError } from '../src/contract/failure.ts';
import type { LiveRelease, ReleaseRef } from '../src/contract/release.ts';
import type { Target } from '../src/contract/target.ts';
import { whyUnreadable, type WayBack } from '../src/contract/way-back.ts';
import { quarantineOf } from '../src/records/acts.ts';
import { loadCompletedChain } from '../src/records/completed.ts';
import { dataUserOf } from '../src/records/data.ts';
import { standingImage } from '../src/records/image.ts';
import { readPlatform } from '../src/records/platform.ts';
import { readRecord } from '../src/records/record.ts';
import type { RuntimeDriver } from '../src/runtime/driver.ts';
import { withTrial } from './trial.ts';

/** A deployment, as far as its way back goes. */
export interface Departure {
  readonly store: ComponentStore;
  readonly target: Target;
  readonly intake: IntakeFindings;
  readonly release: ReleaseRef;
}

const FIRST: WayBack = {
  state: 'first',
  to: null,
  seen: 'nothing is live: on failure it is taken out of service again',
};

/**
 * The way back as the store alone tells it, before Deploy: null where Deploy has to prove it. A version whose data the
 * release before cannot read, or that follows a release which is not known healthy, has none; whether it may go out is
 * for its change to declare, and for Deploy to refuse.
 */
export async function declareWayBack(departure: Departure): Promise<WayBack | null> {
  const { intake } = departure;
  const { from, returnTo } = intake;
  if (from === null) {
    return FIRST;
  }
  const to = { version: from.version, digest: from.digest };
  if (returnTo !== null) return { state: 'unproved', to, seen: 'it is a rollback, and so itself the way back' };
  const declared = intake.change.irreversible ?? [];
  if (declared.length === 0) return null;
  const why = (await whyNotHealthy(departure.store, from)) ?? (await whyNotReadable(departure, from));
  return why === null ? null : { state: 'none', to: null, seen: `${why}; ${declared.join(', ')} declares it` };
}

export interface WayBackDeps {
  readonly driver: Pick<RuntimeDriver, 'prove'>;
  /** Folder for work in progress. */
  readonly scratch: string;
}

/**
 * The first step of Deploy: shows that the way back leads somewhere, before anything is switched (§13). The release
 * before is known healthy, its chain and bytes are whole, it reads what the new one writes, its addresses resolve, and an
 * instance of it stands ready, or a throwaway one becomes healthy.
 * @param declared as Release found it; null where it is to be proved.
 * @throws ROLLBACK_NOT_READY, DATA_INCOMPATIBLE; what our own side is at fault for is thrown on
 */
export async function proveWayBack(
  deps: WayBackDeps,
  departure: Departure,
  declared: WayBack | null,
  signal: AbortSignal,
): Promise<WayBack> {
  const { store, target, intake } = departure;
  await refuseUnreadable(departure);
  const { from } = intake;
  if (declared !== null || from === null) return declared ?? FIRST;
  const why = (await whyNotHealthy(store, from)) ?? (await whyNotReadable(departure, from));
  if (why !== null) throw notReady(from, `${why}; a change that is to go out all the same says irreversible: true`);
  const { standing } = await orNotReady(from, async () => {
    await loadCompletedChain(store, target, from);
    await standingImage(store, from);
    await verifyImage(store, from.digest);
    return await deps.driver.prove({ target, release: from }, signal);
  });
  const how = standing === null ? await startThrowaway(deps, departure, from, signal) : STANDS[standing];
  const { version, digest } = from;
  return { state: 'proved', to: { version, digest }, seen: `its chain and bytes are whole; ${how}` };
}

const STANDS = {
  live: 'its instance is live and well, and is kept warm',
  warm: 'its instance is warm and well',
} as const;

/** A release that is live and not known healthy is none to return to (§13: restore a known healthy state). */
async function whyNotHealthy(
  store: ComponentStore,
  { version, digest, deploymentId }: LiveRelease,
): Promise<string | null> {
  const record = await orWhyUntrusted(readRecord(store, deploymentId));
  if (typeof record === 'string') return record;
  if (record?.record.result !== 'completed') return `${version}, which is live, did not complete (${deploymentId})`;
  if (record.key === null) return `${version}, which is live, is unsigned: nobody signed the record of ${deploymentId}`;
  const { quarantined } = await quarantineOf(store, digest);
  return quarantined ? `${version}, which is live, is quarantined` : null;
}

async function orWhyUntrusted<T>(reading: Promise<T>): Promise<T | string> {
  try {
    return await reading;
  } catch (error) {
    if (codeOf(error) === 'UNTRUSTED_EVIDENCE') return (error as Error).message;
    throw error;
  }
}

async function whyNotReadable({ store, release }: Departure, from: LiveRelease): Promise<string | null> {
  return whyUnreadable(await dataUserOf(store, from), await dataUserOf(store, release));
}

/** The other direction: what is live has written data that the new version has to take over. */
async function refuseUnreadable({ store, release, intake: { from } }: Departure): Promise<void> {
  if (from === null) return;
  const why = whyUnreadable(await dataUserOf(store, release), await dataUserOf(store, from));
  if (why === null) return;
  throw new SlipwayError('DATA_INCOMPATIBLE', `${why}: nothing was switched; let data.reads name that version too`);
}

/** A throwaway start in the sandbox: with an empty instance folder, and where others would be, closed ports (§7). */
async function startThrowaway(
  deps: WayBackDeps,
  { store, intake }: Departure,
  from: LiveRelease,
  signal: AbortSignal,
): Promise<string> {
  const platform = parsePlatform(await readPlatform(store, intake.platform));
  return await withTrial(deps, { store, digest: from.digest, platform }, async ({ manifest, deps: trial }) => {
    const context = { artifact: from.digest, manifest, signal };
    const instance = await trial.startThrowaway(context);
    try {
      const readiness = await trial.waitUntilHealthy(instance, context);
      const after = formatDuration(readiness.after);
      if (readiness.state === 'healthy') return `a throwaway instance of it was healthy after ${after}`;
      throw notReady(from, `no instance of it stands ready, and a throwaway one was not healthy: ${readiness.detail}`);
    } finally {
      await instance.stop();
    }
  });
}

/** What is wrong with the release before counts as the way back not being ready; what is wrong with us is thrown on. */
async function orNotReady<T>(from: LiveRelease, look: () => Promise<T>): Promise<T> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof SlipwayError) || error.fault === 'platform') throw error;
    throw notReady(from, error.message, error);
  }
}

function notReady(from: LiveRelease, why: string, cause?: unknown): SlipwayError {
  return new SlipwayError(
    'ROLLBACK_NOT_READY',
    `the way back to ${from.version} (${from.deploymentId}) is not ready: ${why}. Nothing was switched`,
    { cause },
  );
}
