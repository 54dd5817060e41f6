// A default import: Node sees no named exports in this CommonJS package.
import proto, { type temporal } from '@temporalio/proto';

const { EventType } = proto.temporal.api.enums.v1;

/** An event of a history, as far as time is asked for. */
export interface TimedEvent {
  /** Such as `ACTIVITY_TASK_FAILED`. */
  readonly type: string;
  /** Milliseconds of the server's clock, with fractions. An activity's start is its true start. */
  readonly at: number;
  /** Of an activity's events, its name; else null. */
  readonly activity: string | null;
}

/** The events of a history, in order, each with its time. */
export function timesOf({ events }: temporal.api.history.v1.IHistory): readonly TimedEvent[] {
  const activities = new Map<string, string>();
  return (events ?? []).map((event) => {
    const { activityTaskScheduledEventAttributes: scheduled, eventId, eventTime, eventType } = event;
    if (scheduled) activities.set(String(eventId), scheduled.activityType?.name ?? '');
    const ended =
      event.activityTaskStartedEventAttributes ??
      event.activityTaskCompletedEventAttributes ??
      event.activityTaskFailedEventAttributes;
    return {
      type: EventType[eventType ?? 0]?.replace('EVENT_TYPE_', '') ?? '',
      at: Number(eventTime?.seconds ?? 0) * 1_000 + (eventTime?.nanos ?? 0) / 1e6,
      activity: activities.get(String(scheduled ? eventId : ended?.scheduledEventId)) ?? null,
    };
  });
}
