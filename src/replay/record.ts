import { defaultPayloadConverter } from '@temporalio/common';
import type { temporal } from '@temporalio/proto';
import type { DeploymentRecord } from '../contract/record.ts';
import type { History } from './history.ts';

/** The record that a deployment closed with, completed or not; null for another workflow, or one that gave none. */
export function recordIn({ events }: History): DeploymentRecord | null {
  const last = events?.at(-1);
  const completed = last?.workflowExecutionCompletedEventAttributes?.result;
  const failed = last?.workflowExecutionFailedEventAttributes?.failure?.applicationFailureInfo?.details;
  const record = firstOf(completed) ?? firstOf(failed);
  return isRecord(record) ? record : null;
}

function firstOf(payloads: temporal.api.common.v1.IPayloads | null | undefined): unknown {
  const first = payloads?.payloads?.[0];
  return first ? defaultPayloadConverter.fromPayload(first) : null;
}

function isRecord(value: unknown): value is DeploymentRecord {
  return typeof value === 'object' && value !== null && 'deploymentId' in value && 'stages' in value;
}
