import { gunzipSync } from 'node:zlib';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
// A default import: Node sees no named exports in this CommonJS package.
import proto, { type temporal } from '@temporalio/proto';
import { SlipwayError } from '../contract/failure.ts';

export type History = temporal.api.history.v1.IHistory;
type Event = temporal.api.history.v1.IHistoryEvent;

const { EventType, WorkflowTaskFailedCause } = proto.temporal.api.enums.v1;

/**
 * Reads a history as the lane keeps it, or as the Temporal UI or CLI exports it: JSON, gzipped or not.
 * @param name what it is called in messages
 * @throws FILE_INVALID
 */
export function readHistory(bytes: Buffer, name: string): History {
  try {
    const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
    const text = (isGzip ? gunzipSync(bytes) : bytes).toString('utf8');
    const history = historyFromJSON(JSON.parse(text)) as History;
    if (startOf(history) !== null) return history;
  } catch (cause) {
    throw notAHistory(name, cause instanceof Error ? cause.message : String(cause), cause);
  }
  throw notAHistory(name, 'no event that starts a workflow');
}

/** The workflow's id, as it stands in the first event. */
export function workflowIdOf(history: History): string {
  return startOf(history)?.workflowId || 'workflow';
}

/** A history as it can be replayed, and whether its end had to be written anew for that. */
export interface Replayable {
  readonly history: History;
  readonly rewritten: boolean;
}

/** Why a task may have failed without the code being at fault. */
const NOT_THE_CODE: readonly unknown[] = [
  WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW,
  WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND,
];

/**
 * Replay calls a history good whose last workflow task failed: the very one that somebody is called out for. With that
 * task written as completed, and what came after it left out, replay runs it and throws the true error.
 */
export function replayable(history: History): Replayable {
  const events = history.events ?? [];
  const index = events.findLastIndex(({ eventType }) => eventType !== undefined && ENDS_A_TASK.has(eventType));
  const last = events[index];
  const failed = last?.workflowTaskFailedEventAttributes;
  if (last === undefined || !failed || NOT_THE_CODE.includes(failed.cause)) return { history, rewritten: false };
  const { scheduledEventId, startedEventId, identity } = failed;
  const completed: Event = {
    eventId: last.eventId ?? null,
    eventTime: last.eventTime ?? null,
    eventType: EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
    workflowTaskCompletedEventAttributes: {
      scheduledEventId: scheduledEventId ?? null,
      startedEventId: startedEventId ?? null,
      identity: identity ?? '',
    },
  };
  return { history: { events: [...events.slice(0, index), completed] }, rewritten: true };
}

const ENDS_A_TASK: ReadonlySet<unknown> = new Set([
  EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
  EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED,
  EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT,
]);

function startOf({ events }: History): temporal.api.history.v1.IWorkflowExecutionStartedEventAttributes | null {
  return events?.[0]?.workflowExecutionStartedEventAttributes ?? null;
}

function notAHistory(name: string, found: string, cause?: unknown): SlipwayError {
  const expected =
    "a workflow's history as JSON: slipway's own, or exported by the Temporal UI or CLI, payloads not decoded";
  return new SlipwayError('FILE_INVALID', `${name}: found ${found}, expected ${expected}`, { cause });
}
