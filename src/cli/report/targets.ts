import type { TargetView } from '../target-view.ts';
import { oneLine, type Paint } from './paint.ts';
import { table } from './table.ts';
import { when } from './time.ts';

const HEADING = ['TARGET', 'LIVE', 'KNOWN HEALTHY', 'GENERATION', 'STATE'] as const;

/** One line a target. */
export function describeTargets(targets: readonly TargetView[], paint: Paint): readonly string[] {
  if (targets.length === 0) return ['nothing has been deployed yet'];
  return table([HEADING.map((title) => paint('dim', title)), ...targets.map((target) => rowOf(target, paint))]);
}

function rowOf(view: TargetView, paint: Paint): string[] {
  const { target, live, knownHealthy, generation } = view;
  return [
    paint('bold', target),
    live === null ? '(nothing)' : live.version,
    knownHealthy === null ? '(none)' : knownHealthy.version === live?.version ? 'live' : knownHealthy.version,
    String(generation),
    stateOf(view, paint),
  ];
}

function stateOf({ hold, running, queue, watchedUntil }: TargetView, paint: Paint): string {
  const parts: string[] = [];
  if (running !== null) parts.push(paint('cyan', `running ${running.deploymentId}`));
  if (hold !== null) {
    parts.push(paint('yellow', `held by ${oneLine(hold.by)} since ${when(hold.since)}: ${oneLine(hold.reason)}`));
  }
  if (queue.length > 0) parts.push(`${queue.length} queued`);
  if (watchedUntil !== null) parts.push(`watched until ${when(watchedUntil)}`);
  return parts.length === 0 ? 'idle' : parts.join('; ');
}
