import { readManifest } from '../artifacts/image.ts';
import type { ComponentStore } from '../artifacts/store.ts';
import { NO_COUNTS, plus } from '../contract/answers.ts';
import type { DoneInput } from '../contract/done.ts';
import type { LiveVerdict } from '../health/verify-live.ts';
import type { ChainTo } from './chain.ts';
import { deploymentOf } from './names.ts';

/**
 * What the Definition of Done is judged by (§11): read from the sealed evidence and the image alone, so that whoever
 * verifies a deployment years later judges the very same.
 * @throws ARTIFACT_CORRUPT
 */
export async function doneInputOf(
  store: ComponentStore,
  deploymentId: string,
  chain: ChainTo<'post-deploy-verification'>,
): Promise<DoneInput> {
  const { n: _, environment, component } = deploymentOf(deploymentId);
  const intake = chain['change-intake'].findings;
  const { release, wayBack } = chain.deploy.findings;
  const { id, summary, reason, requestedBy, carries } = intake.change;
  const { kind, owner = '', runbook = '' } = await readManifest(store, release.digest);
  const verdict = chain['post-deploy-verification'].findings.verdict as LiveVerdict;
  return {
    deployment: {
      id: deploymentId,
      target: `${environment}/${component}`,
      environment,
      component,
      change: { id, summary, reason, requestedBy, carries },
      revision: intake.source.revision,
      version: release.version,
      digest: release.digest,
      from: intake.from?.version ?? '',
    },
    stages: stagesOf(chain),
    soak: soakOf(verdict),
    smoke: verdict.smoke.map(({ name, verdict: came }) => ({ name, passed: came === 'pass' })),
    component: { kind, owner, runbook },
    metrics: metricsOf(verdict),
    wayBack: wayBack?.state ?? 'proved',
  };
}

const SIX = ['change-intake', 'build', 'verification', 'release', 'deploy', 'post-deploy-verification'] as const;

/** A chain that was loaded holds nothing but stages that passed. */
function stagesOf(chain: ChainTo<'post-deploy-verification'>): DoneInput['stages'] {
  return SIX.map((stage) => {
    const { startedAt, finishedAt } = chain[stage];
    return { stage, result: 'passed', seconds: (Date.parse(finishedAt) - Date.parse(startedAt)) / 1_000 };
  });
}

function soakOf({ soak, samples }: LiveVerdict): DoneInput['soak'] {
  const own = samples.filter(({ kind }) => kind === 'soak');
  const { answers, errors } = own
    .flatMap(({ answers: counted }) => (counted ? [counted.users, counted.probes] : []))
    .reduce(plus, NO_COUNTS);
  const seconds = ((own.at(-1)?.after ?? 0) - (own[0]?.after ?? 0)) / 1_000;
  return { held: soak?.verdict === 'pass', seconds, samples: own.length, answers, errors };
}

/** The last number that each query gave. */
function metricsOf({ metrics = [] }: LiveVerdict): DoneInput['metrics'] {
  return Object.fromEntries(metrics.flatMap(({ name, value }) => (value === null ? [] : [[name, value]])));
}
