import type { SmokeTest } from '../config/manifest.ts';
import type { SmokeResult } from '../health/smoke.ts';
import type { Readiness } from '../health/ready.ts';
import { formatDuration } from '../config/duration.ts';
import { lastLines } from '../build/bounded-log.ts';
import type { Finding } from './finding.ts';
import type { Throwaway } from './instance.ts';
import type { VerificationContext, Verifier } from './verifier.ts';

export interface IntegrationDeps {
  readonly startThrowaway: (context: VerificationContext) => Promise<Throwaway>;
  /** Waits for its health, at most `run.startWithin`. */
  readonly waitUntilHealthy: (instance: Throwaway, context: VerificationContext) => Promise<Readiness>;
  readonly runSmoke: (test: SmokeTest, instance: Throwaway, context: VerificationContext) => Promise<SmokeResult>;
}

/** The artifact runs, alone: it becomes healthy and passes the smoke tests that are marked for verification (§7). */
export function createIntegrationVerifier(deps: IntegrationDeps): Verifier {
  return {
    id: 'integration',
    appliesTo: () => true,
    async verify(context) {
      const instance = await deps.startThrowaway(context);
      try {
        const readiness = await deps.waitUntilHealthy(instance, context);
        const findings = [judgeHealth(readiness, instance, context)];
        if (readiness.state !== 'healthy') return findings;
        for (const [index, test] of context.manifest.smoke.entries()) {
          if (!test.at.includes('verification')) continue;
          findings.push(judgeSmoke(index, await deps.runSmoke(test, instance, context)));
        }
        return findings;
      } finally {
        await instance.stop();
      }
    },
  };
}

function judgeHealth(readiness: Readiness, instance: Throwaway, { manifest }: VerificationContext): Finding {
  const finding = { rule: 'integration/health', place: 'slipway.yaml: health', clause: '§7' } as const;
  const after = formatDuration(readiness.after);
  if (readiness.state === 'healthy') return { ...finding, verdict: 'pass', message: `healthy after ${after}` };
  const within = formatDuration(manifest.run.startWithin);
  const found = readiness.state === 'exited' ? `ended after ${after}` : 'never became healthy';
  const log = lastLines(instance.log());
  const wrote = log === '' ? 'It wrote nothing.' : `The end of what it wrote:\n${log}`;
  const message = `the instance ${found}: ${readiness.detail}; expected health within run.startWithin (${within}). ${wrote}`;
  return { ...finding, verdict: 'fail', message };
}

function judgeSmoke(index: number, { name, verdict, message }: SmokeResult): Finding {
  const place = `slipway.yaml: smoke[${index}] (${name})`;
  return { rule: 'integration/smoke', verdict, place, clause: '§7', message };
}
