import type { DeploymentRecord, RecordedRollback, Result, StageRecord } from '../../contract/record.ts';
import type { ReleaseRef } from '../../contract/release.ts';
import type { WayBack } from '../../contract/way-back.ts';
import { failureLine } from './output.ts';
import { harmless, oneLine, type Paint } from './paint.ts';
import { isOnTheWayBack } from './steps.ts';
import { table } from './table.ts';
import { between, elapsed, when } from './time.ts';

/** One deployment for people: what, why, stage by stage, and how it ended. */
export function describeRecord(record: DeploymentRecord, paint: Paint): readonly string[] {
  const {
    deploymentId,
    target,
    change,
    source,
    from,
    artifact,
    stages,
    result,
    failure,
    rollback,
    wayBack = null,
  } = record;
  const name = deploymentId ?? `${target}, request ${oneLine(record.requestId)}`;
  const carried = change.carries.filter((id) => id !== change.id);
  return [
    `${paint('bold', name)}  ${change.id}${change.summary === null ? '' : `: ${oneLine(change.summary)}`}`,
    `  asked for by ${oneLine(change.requestedBy)}${change.reason === null ? '' : `, because: ${oneLine(change.reason)}`}`,
    ...(carried.length === 0 ? [] : [`  carries also ${carried.join(', ')}`]),
    ...(source === null ? [] : [`  ${source.repository} at ${source.revision}`]),
    ...(from === null && artifact === null ? [] : [`  ${nameOfRelease(from)} → ${nameOfRelease(artifact)}`]),
    ...(wayBack === null || wayBack.state === 'proved' ? [] : [describeWayBack(wayBack, paint)]),
    ...table(stages.map((stage) => ['  ', ...rowOf(stage, paint)])),
    ...(rollback === null ? [] : [describeRollback(rollback, paint)]),
    ...(failure === null ? [] : [`  ${harmless(failureLine(failure))}`]),
    `  ${stages.length === 0 && result === null ? 'queued' : describeResult(result, isOnTheWayBack(record), paint)}`,
  ];
}

/** A result in its colour; null while it runs. */
export function describeResult(result: Result | null, onTheWayBack: boolean, paint: Paint): string {
  if (result === null) return paint('cyan', onTheWayBack ? 'on the way back' : 'running');
  return paint(result === 'completed' ? 'green' : 'red', result);
}

/** The stage, how it stands, when it began, and how long it took. */
function rowOf({ stage, result, startedAt, finishedAt }: StageRecord, paint: Paint): readonly string[] {
  const took = finishedAt === null ? '' : elapsed(between(startedAt, finishedAt));
  return [`${markOf(result, paint)} ${stage}`, result ?? 'running', when(startedAt), took];
}

function markOf(result: StageRecord['result'], paint: Paint): string {
  switch (result) {
    case 'passed':
      return paint('green', '✓');
    case 'failed':
      return paint('red', '✗');
    case 'aborted':
      return paint('yellow', '■');
    case null:
      return paint('cyan', '▸');
  }
}

/** A way back that was proved is what everybody expects; every other has to be told. */
function describeWayBack({ state, seen }: WayBack, paint: Paint): string {
  const told = state === 'none' ? paint('red', 'no way back') : `way back: ${state}`;
  return `  ${told}: ${oneLine(seen)}`;
}

function describeRollback(rollback: RecordedRollback, paint: Paint): string {
  const { trigger, to, startedAt, restoredAt, within, outcome } = rollback;
  if (outcome === 'restoring') {
    const breached = paint('red', 'ROLLBACK_BREACHED');
    return `  ${breached} rollback to ${nameOfRelease(to)}, for ${trigger}: past its ${elapsed(within)}, and still trying`;
  }
  const took = restoredAt === null ? 'not restored' : `after ${elapsed(between(startedAt, restoredAt))}`;
  const mark = paint(outcome === 'failed' ? 'red' : 'yellow', '↩');
  return `  ${mark} rollback to ${nameOfRelease(to)}, for ${trigger}: ${outcome}, ${took} of at most ${elapsed(within)}`;
}

function nameOfRelease(release: ReleaseRef | null): string {
  return release === null ? '(nothing)' : `${release.version} ${release.digest}`;
}
