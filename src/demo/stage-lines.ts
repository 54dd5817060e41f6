import { between, elapsed } from '../cli/report/time.ts';
import type { DeploymentRecord, StageRecord } from '../contract/record.ts';
import type { Stage } from '../contract/stages.ts';

/** One stage of a deployment, as it is shown once it has ended. */
export interface StageLine {
  readonly stage: Stage | 'rollback';
  readonly mark: 'passed' | 'failed' | 'aborted' | 'restored';
  /** Milliseconds, in workflow time. */
  readonly took: number;
  readonly note: string;
}

/** The stages of a record that have ended, in order; the rollback, in place of the seventh, comes last. */
export function endedStages(record: DeploymentRecord): readonly StageLine[] {
  const ended = record.stages.flatMap((stage) => lineOf(stage, record) ?? []);
  const { rollback } = record;
  if (rollback === null || rollback.outcome === 'restoring') return ended;
  const restored = rollback.restoredAt !== null;
  const end = rollback.restoredAt ?? rollback.startedAt;
  const back = rollback.to === null ? 'out of service again' : `back to ${rollback.to.version}`;
  const bound = rollback.outcome === 'late' ? `: ${elapsed(rollback.within)} were declared` : '';
  return [
    ...ended,
    {
      stage: 'rollback',
      mark: restored ? 'restored' : 'failed',
      took: between(rollback.startedAt, end),
      note: restored ? `${back}, ${rollback.outcome}${bound}` : 'a person has to take over',
    },
  ];
}

/** What goes on in a record that has not ended: a stage or the rollback, and since when (milliseconds since 1970). */
export function underWay(
  record: DeploymentRecord,
): { readonly stage: StageLine['stage']; readonly since: number } | null {
  if (record.result !== null) return null;
  const newest = record.stages.at(-1);
  if (newest === undefined) return null;
  if (newest.finishedAt === null) return { stage: newest.stage, since: Date.parse(newest.startedAt) };
  return record.failure === null ? null : { stage: 'rollback', since: Date.parse(newest.finishedAt) };
}

/** `post-deploy-verification` as people read it. */
export function stageName(stage: StageLine['stage']): string {
  return stage === 'post-deploy-verification' ? 'post-deploy verification' : stage.replace('-', ' ');
}

function lineOf({ stage, result, startedAt, finishedAt }: StageRecord, record: DeploymentRecord): StageLine | null {
  if (result === null || finishedAt === null) return null;
  return { stage, mark: result, took: between(startedAt, finishedAt), note: noteOn(stage, result, record) };
}

function noteOn(stage: Stage, result: NonNullable<StageRecord['result']>, record: DeploymentRecord): string {
  const { failure, change, artifact, from } = record;
  if (result !== 'passed') return failure?.clause ? `${failure.code} (${failure.clause})` : (failure?.code ?? '');
  switch (stage) {
    case 'change-intake':
      return `${change.id}: ${change.summary ?? ''}`;
    case 'build':
      return artifact?.version ?? '';
    case 'deploy':
      return from === null ? 'the first version' : `in place of ${from.version}`;
    case 'verification':
    case 'release':
    case 'post-deploy-verification':
    case 'completion':
      return '';
  }
}
