import { NO_COUNTS, plus, type AnswerCounts } from '../src/contract/answers.ts';
import type { DeployerActivities } from '../src/contract/activities.ts';
import { codeOf, SlipwayError } from '../src/contract/failure.ts';
import type { LiveRelease } from '../src/contract/release.ts';
import type { Target } from '../src/contract/target.ts';
import type { WatchDuty, WatchReport } from '../src/contract/watch.ts';
import type { LiveVerdict } from '../src/health/verify-live.ts';
import { watchLive } from '../src/health/watch.ts';
import type { ChainTo } from '../src/records/chain.ts';
import { isActedOn } from '../src/records/belief.ts';
import { loadCompletedChain } from '../src/records/completed.ts';
import { standingImage } from '../src/records/image.ts';
import { deploymentOf } from '../src/records/names.ts';
import { readRecord } from '../src/records/record.ts';
import { hasReleaseToReturnTo } from '../src/records/return.ts';
import { completedRelease, recentRecords } from '../src/records/target.ts';
import { readDegradation, sealDegradation, type StandingDegradation } from '../src/records/watch.ts';
import { perform, type Work } from './activity.ts';
import type { DeployDeps } from './deploy.ts';
import { refuseOtherEnvironment } from './environment.ts';
import { withLive } from './live.ts';

/**
 * Keeps the verdicts of post-deploy verification running on a live release after its completion (§12). One that
 * degrades has that sealed, with the samples that say so; whoever asks again is given what was sealed.
 */
export function createWatch(deps: DeployDeps): Pick<DeployerActivities, 'watchRelease'> {
  return {
    watchRelease: (duty) =>
      perform(deps.logger.child({ deploymentId: duty.deploymentId, stage: 'watch' }), 'always', async (work) => {
        const { n: _, ...target } = deploymentOf(duty.deploymentId);
        refuseOtherEnvironment(deps.environment, target);
        const { deploymentId } = duty;
        const store = deps.artifacts.component(target.component);
        const record = (await readRecord(store, deploymentId))?.record;
        const release = record === undefined ? null : completedRelease(record);
        if (release === null) throw new SlipwayError('UNTRUSTED_EVIDENCE', `${deploymentId} has not completed`);
        const chain = await loadCompletedChain(store, target, release);
        const { receivers } = chain['change-intake'].findings;
        const report = await watch(deps, { duty, target, release, chain }, work);
        return { deploymentId, ...report, ...(receivers && { receivers }) };
      }),
  };
}

interface Watched {
  readonly duty: WatchDuty;
  readonly target: Target;
  readonly release: LiveRelease;
  readonly chain: ChainTo<'completion'>;
}

type Report = Omit<WatchReport, 'deploymentId' | 'receivers'>;

async function watch(deps: DeployDeps, watched: Watched, { signal }: Work): Promise<Report> {
  const { duty, target, release, chain } = watched;
  const store = deps.artifacts.component(target.component);
  const standing = await readDegradation(store, duty.deploymentId);
  if (standing !== null) {
    // Whoever holds no key orders no rollback.
    if (await isActedOn(store, standing.key)) return await degraded(deps, watched, standing);
    throw new SlipwayError(
      'UNTRUSTED_EVIDENCE',
      `nobody signed that ${duty.deploymentId} degraded: nothing is done by it`,
    );
  }
  const until = Date.parse(duty.until) - Date.now();
  if (until <= 0) return { outcome: 'held', reason: 'its time is over', evidence: null };

  const startedAt = new Date().toISOString();
  const live = { store, target, release, platform: chain['change-intake'].findings.platform, signal };
  try {
    const seen = await withLive(deps, live, ({ environment, manifest, measure, metrics }) =>
      watchLive({
        address: chain.deploy.findings.address,
        health: manifest.health,
        soak: environment.soak,
        limits: environment.limits,
        until,
        whole: environment.watch ?? until,
        baseline: ownSoak(chain),
        observe: () => observeOwn(deps, watched, signal),
        measure,
        metrics,
        signal,
      }),
    );
    if (!seen.degraded) return { outcome: 'held', reason: seen.verdict.message, evidence: null };
    const finishedAt = new Date().toISOString();
    const { digest } = release;
    const predicate = { deploymentId: duty.deploymentId, digest, startedAt, finishedAt, verdict: seen.verdict };
    return await degraded(deps, watched, await sealDegradation(store, predicate, await standingImage(store, release)));
  } catch (error) {
    if (codeOf(error) !== 'STALE_GENERATION') throw error;
    return { outcome: 'overtaken', reason: (error as Error).message, evidence: null };
  }
}

/** What the runtime shows, for as long as it shows the very release that is watched. */
async function observeOwn({ driver }: DeployDeps, { target, release }: Watched, signal: AbortSignal) {
  const observation = await driver.observe(target, signal);
  if (observation.live?.deploymentId === release.deploymentId) return observation;
  const found = observation.live?.deploymentId ?? 'nothing';
  throw new SlipwayError('STALE_GENERATION', `${found} is live, and no longer ${release.deploymentId}`);
}

/** What users were answered in the release's own soak: it is compared with itself, when it was well. */
function ownSoak(chain: ChainTo<'completion'>): AnswerCounts | null {
  const { samples } = chain['post-deploy-verification'].findings.verdict as LiveVerdict;
  const counted = samples.flatMap(({ answers }) => answers?.users ?? []);
  return counted.length === 0 ? null : counted.reduce(plus, NO_COUNTS);
}

async function degraded(
  { artifacts }: DeployDeps,
  { target, release }: Watched,
  { evidence, verdict }: StandingDegradation,
): Promise<Report> {
  const store = artifacts.component(target.component);
  const hasWayBack = await hasReleaseToReturnTo(store, await recentRecords(store, target), target, release);
  return { outcome: 'degraded', reason: (verdict as LiveVerdict).message, evidence, hasWayBack };
}
