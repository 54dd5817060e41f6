import type { DeploymentRecord } from '../../contract/record.ts';
import { describeResult } from './record.ts';
import { oneLine, type Paint } from './paint.ts';
import { table } from './table.ts';
import { when } from './time.ts';

const HEADING = ['DEPLOYMENT', 'RESULT', 'CHANGE', 'VERSION', 'WHEN', 'BY', 'WHY'] as const;

/** What was deployed, when and why (§14), newest first. @param records oldest first */
export function describeHistory(records: readonly DeploymentRecord[], paint: Paint): readonly string[] {
  const rows = records.toReversed().map((record) => rowOf(record, paint));
  return table([HEADING.map((title) => paint('dim', title)), ...rows]);
}

function rowOf(record: DeploymentRecord, paint: Paint): string[] {
  const { deploymentId, result, failure, change, artifact, stages } = record;
  const began = stages[0]?.startedAt;
  const why = change.reason ?? failure?.message ?? '';
  return [
    deploymentId ?? '(queued only)',
    describeResult(result, false, paint) + (failure === null ? '' : ` ${failure.code}`),
    change.id,
    artifact?.version ?? '-',
    began === undefined ? '-' : when(began),
    oneLine(change.requestedBy),
    oneLine(why),
  ];
}
