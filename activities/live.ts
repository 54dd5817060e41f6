import { readManifest } from '../src/artifacts/image.ts';
import type { ComponentStore } from '../src/artifacts/store.ts';
import { parsePlatform } from '../src/config/load.ts';
import type { SealedManifest } from '../src/config/manifest.ts';
import type { Environment, Platform } from '../src/config/platform.ts';
import type { Digest } from '../src/contract/digest.ts';
import type { LiveRelease } from '../src/contract/release.ts';
import type { Target } from '../src/contract/target.ts';
import { systemClock } from '../src/health/clock.ts';
import type { MetricSource } from '../src/health/measuring.ts';
import { metricBoundsOf } from '../src/health/policy.ts';
import { createMetrics } from '../src/health/prometheus.ts';
import { environmentOf, readPlatform } from '../src/records/platform.ts';
import { resolveSecret } from '../src/secrets/resolve.ts';
import type { DeployDeps } from './deploy.ts';

/** A live release, and all that it is looked at with. */
export interface LiveSetting {
  readonly platform: Platform;
  readonly environment: Environment;
  readonly manifest: SealedManifest;
  /** What the runtime counts at its stable address. */
  readonly measure: () => ReturnType<DeployDeps['driver']['measure']>;
  /** What operators measure; undefined where the environment names no Prometheus. */
  readonly metrics: MetricSource | undefined;
}

/** Opens what a live release is looked at with, by the platform file that its deployment went by, for as long as `use` runs. */
export async function withLive<T>(
  deps: DeployDeps,
  live: {
    readonly store: ComponentStore;
    readonly target: Target;
    readonly release: Omit<LiveRelease, 'deploymentId'>;
    readonly platform: Digest;
    readonly signal: AbortSignal;
  },
  use: (setting: LiveSetting) => Promise<T>,
): Promise<T> {
  const { store, target, release, signal } = live;
  const platform = parsePlatform(await readPlatform(store, live.platform));
  const environment = environmentOf(platform, target.environment);
  const manifest = await readManifest(store, release.digest);
  const { prometheus } = environment;
  const metrics =
    prometheus &&
    createMetrics({
      prometheus,
      values: { ...target, version: release.version },
      clock: systemClock,
      begun: systemClock.now(),
      signal,
      resolveSecret: (reference) => resolveSecret(reference, 'prometheus.token', deps.secrets),
    });
  try {
    return await use({
      platform,
      environment,
      manifest,
      measure: () => deps.driver.measure(target, signal),
      metrics: metrics && { bounds: metricBoundsOf(environment), ask: () => metrics.ask() },
    });
  } finally {
    await metrics?.close();
  }
}
