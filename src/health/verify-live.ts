import type { SealedManifest } from '../config/manifest.ts';
import type { Limits, SoakFloors } from '../config/soak.ts';
import type { Observation } from '../runtime/driver.ts';
import { type Clock, systemClock } from './clock.ts';
import type { Measure } from './counter.ts';
import { type MetricSource, openMeasuring } from './measuring.ts';
import { policyOf, samplingInterval } from './policy.ts';
import { createProber, type Prober } from './probe.ts';
import { type LiveVerdict, recomputeVerdict, type VerdictEvidence } from './recompute.ts';
import type { Sample, SampleKind } from './sample.ts';
import { createSampler } from './sampler.ts';
import { type RunCommand, runSmokeTests, type SmokeDeps, type SmokeResult, smokeVerdict } from './smoke.ts';
import { runSoak, sampleUntil } from './soak.ts';
import type { LiveCheck } from './trigger.ts';
import { availability, healthVerdict } from './verdict.ts';

export type { LiveVerdict } from './recompute.ts';

export interface LiveVerification {
  /** Stable address, `http://127.0.0.1:PORT`; null for an agent. */
  readonly address: string | null;
  /** As it was sealed with the image. */
  readonly manifest: SealedManifest;
  /** The environment's floors and ceiling; times in milliseconds. */
  readonly soak: SoakFloors;
  /** What the environment holds a new version to; nothing, unless given. */
  readonly limits?: Limits | undefined;
  /** Looks at the runtime, and throws when it is no longer this deployment's to look at. */
  readonly observe: () => Promise<Observation>;
  /** What the runtime counts. Left out, or where it counts nothing, looks are the samples. */
  readonly measure?: Measure | undefined;
  /** What operators measure. */
  readonly metrics?: MetricSource | undefined;
  readonly runCommand: RunCommand;
  readonly onProgress?: ((progress: LiveProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly clock?: Clock;
}

/** How far a verification is: small, so that it can be a heartbeat's details. */
export interface LiveProgress {
  readonly check: LiveCheck;
  /** Samples taken so far, over all checks. */
  readonly samples: number;
  /** What was last seen. */
  readonly last: string;
}

/** Late samples that are put up with before availability or health is inconclusive. */
const LATE_ALLOWED = 5;

/**
 * Verifies a live release as its users see it (§10): availability, health endpoint, smoke tests, then the soak. It ends
 * at the first check that does not pass, for nothing after it could make up for that.
 * @throws what `observe` and `runCommand` throw, RUNTIME_UNAVAILABLE and STALE_GENERATION above all: none of that is the
 * release's doing, so it is no verdict.
 */
export async function verifyLive(verification: LiveVerification): Promise<LiveVerdict> {
  const prober = createProber();
  try {
    return await verifyThrough(prober, verification);
  } finally {
    await prober.close();
  }
}

async function verifyThrough(prober: Prober, verification: LiveVerification): Promise<LiveVerdict> {
  const { manifest, observe, runCommand, onProgress, signal, clock = systemClock } = verification;
  const { health } = manifest;
  const sampler = createSampler({ ...verification, health, prober, clock });
  const samples: Sample[] = [];
  let smoke: readonly SmokeResult[] = [];
  let policy = policyOf({ ...soakSettings(verification), counted: 'looks' });
  const report = (check: LiveCheck, last: string) => onProgress?.({ check, samples: samples.length, last });
  const conclude = (soaked?: Pick<VerdictEvidence, 'metrics' | 'baseline'>): LiveVerdict => {
    const evidence = { policy, samples, metrics: [], baseline: null, smoke, ...soaked };
    return { ...recomputeVerdict(evidence), ...evidence };
  };

  const sampling = (check: SampleKind) => ({
    take: () => sampler.take(check),
    interval: samplingInterval(health),
    isOver: (taken: readonly Sample[]) => taken.length >= policy.failures * policy.successes + LATE_ALLOWED,
    onSample: (sample: Sample) => {
      samples.push(sample);
      report(check, sample.detail);
    },
    clock,
    signal,
  });
  const smokeDeps: SmokeDeps = {
    request: (path, options) => sampler.ask(path, { ...options, purpose: 'smoke' }),
    runCommand: async (command, options) => {
      const answer = await runCommand(command, options);
      // A command fails when the runtime is away, too: that has to show as the runtime's error.
      if (answer.exitCode !== 0) await observe();
      return answer;
    },
    onResult: (result) => report('smoke', result.message),
    isDiscreet: hasSecrets(manifest),
    signal,
  };

  const available = await sampleUntil({ ...sampling('availability'), judge: (taken) => availability(taken, policy) });
  if (available.verdict !== 'pass') return conclude();
  const healthy = await sampleUntil({ ...sampling('health'), judge: (taken) => healthVerdict(taken, policy) });
  if (healthy.verdict !== 'pass') return conclude();
  smoke = await runSmokeTests(manifest.smoke, 'live', smokeDeps);
  if (smokeVerdict(smoke) !== 'pass') return conclude();

  const measured = await openMeasuring({ ...verification, health, prober, clock });
  policy = policyOf({ ...soakSettings(verification), counted: measured.counting === undefined ? 'looks' : 'answers' });
  await runSoak({ ...sampling('soak'), ...measured, policy, before: [...samples] });
  return conclude({ metrics: measured.metrics.taken(), baseline: measured.baseline });
}

function soakSettings({ address, manifest, soak, limits = {}, metrics }: LiveVerification) {
  return {
    health: manifest.health,
    floors: soak,
    limits: address === null ? null : limits,
    metrics: metrics?.bounds ?? [],
  };
}

/** Whether the component is given a secret when it is live. */
function hasSecrets({ run }: SealedManifest): boolean {
  return Object.values(run.env).some((value) => typeof value === 'object' && 'secret' in value);
}
