import type { DoneVerdict } from '../../src/contract/done.ts';
import { parsePlatform } from '../../src/config/load.ts';
import type { SealedManifest } from '../../src/config/manifest.ts';
import { BUILT_IN_RULES } from '../../src/done/built-in.ts';
import { declaredPolicy } from '../../src/health/policy.ts';
import { recomputeVerdict, type LiveVerdict, type VerdictEvidence } from '../../src/health/recompute.ts';
import type { Sample, SampleKind } from '../../src/health/sample.ts';

/** What is found of a live release that is well: a second between looks, until both floors are reached. */
export function goodVerdict(platform: Uint8Array, environment: string, manifest: SealedManifest): LiveVerdict {
  const declared = parsePlatform(platform).environments[environment];
  if (declared === undefined) throw new Error(`${environment} is not declared`);
  const policy = declaredPolicy(declared, manifest, 'looks');
  const kinds: SampleKind[] = [
    'availability',
    'health',
    ...Array.from({ length: policy.samples }, () => 'soak' as const),
  ];
  return concluded({
    policy,
    samples: kinds.map(sampleOf),
    metrics: [],
    baseline: null,
    smoke: [
      {
        name: 'home page',
        verdict: 'pass',
        checks: [{ what: 'status', passed: true }],
        late: false,
        message: 'GET /: answered 200',
        elapsed: 3,
      },
    ],
  });
}

/** The verdict that follows from some evidence. */
export function concluded(evidence: VerdictEvidence): LiveVerdict {
  return { ...recomputeVerdict(evidence), ...evidence };
}

/** The contract's own rules, all of which hold. */
export const DONE: readonly DoneVerdict[] = BUILT_IN_RULES.map(({ name }) => ({
  name,
  builtIn: true,
  holds: true,
  message: null,
}));

function sampleOf(kind: SampleKind, index: number): Sample {
  return {
    at: new Date(Date.UTC(2026, 10, 23, 9, 0, index)).toISOString(),
    after: index * 1_000,
    elapsed: 3,
    kind,
    outcome: 'good',
    status: 200,
    detail: 'answered 200',
    instance: 'a1',
    restarts: 0,
  };
}
