import type { SealedManifest } from '../config/manifest.ts';
import type { FailureCode } from '../contract/failure.ts';
import type { Observation } from '../runtime/driver.ts';
import { type Clock, systemClock } from './clock.ts';
import { createProber, type Prober } from './probe.ts';
import type { Sample, SampleKind } from './sample.ts';
import { createSampler } from './sampler.ts';
import { type RunCommand, runSmokeTests, type SmokeDeps, type SmokeResult, smokeVerdict } from './smoke.ts';
import { runSoak, sampleUntil, samplingInterval, soakPolicyOf } from './soak.ts';
import { codeOfChecks, type LiveCheck, type LiveChecks } from './trigger.ts';
import { availability, combine, healthVerdict, type Judgement, type Verdict } from './verdict.ts';

export interface LiveVerification {
  /** Stable address, `http://127.0.0.1:PORT`; null for an agent. */
  readonly address: string | null;
  /** As it was sealed with the image. */
  readonly manifest: SealedManifest;
  /** The environment's floors; `for` in milliseconds. */
  readonly soak: { readonly for: number; readonly samples: number };
  /** Looks at the runtime, and throws when it is no longer this deployment's to look at. */
  readonly observe: () => Promise<Observation>;
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

/** What post-deploy verification found. Checks that were not reached are null, or have no results. */
export interface LiveVerdict {
  readonly verdict: Verdict;
  /** Null exactly when the verdict is `pass`. */
  readonly code: FailureCode | null;
  readonly message: string;
  readonly availability: Judgement | null;
  readonly health: Judgement | null;
  readonly smoke: readonly SmokeResult[];
  readonly soak: Judgement | null;
  readonly samples: readonly Sample[];
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

/** A verdict while it is being found. */
interface Found {
  availability: Judgement | null;
  health: Judgement | null;
  smoke: readonly SmokeResult[];
  soak: Judgement | null;
  readonly samples: Sample[];
}

async function verifyThrough(prober: Prober, verification: LiveVerification): Promise<LiveVerdict> {
  const { manifest, observe, runCommand, onProgress, signal, clock = systemClock } = verification;
  const { health } = manifest;
  const found: Found = { availability: null, health: null, smoke: [], soak: null, samples: [] };
  const sampler = createSampler({ ...verification, health, prober, clock });
  const report = (check: LiveCheck, last: string) => onProgress?.({ check, samples: found.samples.length, last });

  const sampling = (check: SampleKind) => ({
    take: () => sampler.take(check),
    interval: samplingInterval(health),
    limit: health.failures + LATE_ALLOWED,
    onSample: (sample: Sample) => {
      found.samples.push(sample);
      report(check, sample.detail);
    },
    clock,
    signal,
  });
  const smoke: SmokeDeps = {
    request: sampler.ask,
    runCommand: async (command, options) => {
      const answer = await runCommand(command, options);
      // A command fails when the runtime is away, too: that has to show as the runtime's error.
      if (answer.exitCode !== 0) await observe();
      return answer;
    },
    onResult: (result) => report('smoke', result.message),
    signal,
  };

  found.availability = await sampleUntil({
    ...sampling('availability'),
    judge: (taken) => availability(taken, health),
  });
  if (found.availability.verdict === 'pass') {
    found.health = await sampleUntil({ ...sampling('health'), judge: (taken) => healthVerdict(taken, health) });
  }
  if (found.health?.verdict === 'pass') found.smoke = await runSmokeTests(manifest.smoke, 'live', smoke);
  if (smokeVerdict(found.smoke) === 'pass') {
    const policy = soakPolicyOf(health, verification.soak);
    found.soak = await runSoak({ ...sampling('soak'), policy, before: [...found.samples] });
  }
  return conclude(found);
}

/** The first check that failed says what became of the release; else what is missing; else the soak, which is last. */
function conclude(found: Found): LiveVerdict {
  const checks: LiveChecks = {
    availability: found.availability?.verdict ?? null,
    health: found.health?.verdict ?? null,
    smoke: found.smoke.length === 0 ? null : smokeVerdict(found.smoke),
    soak: found.soak?.verdict ?? null,
  };
  const verdict = combine(Object.values(checks).map((check) => check ?? 'inconclusive'));
  const reached: readonly (readonly [string, Judgement | null])[] = [
    ['availability', found.availability],
    ['health', found.health],
    ...found.smoke.map((test) => [`smoke test "${test.name}"`, { ...test, reason: test.message }] as const),
    ['soak', found.soak],
  ];
  const [name, decisive] = reached.findLast(([, judgement]) => judgement?.verdict === verdict) ?? ['verification'];
  const message = `${name} ${SAID[verdict]}: ${decisive?.reason ?? 'no smoke test is marked for live'}`;
  return { verdict, code: codeOfChecks(checks), message, ...found };
}

const SAID: Readonly<Record<Verdict, string>> = { pass: 'passed', fail: 'failed', inconclusive: 'is inconclusive' };
