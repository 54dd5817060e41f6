import { gzipSync } from 'node:zlib';
import { isGrpcServiceError, WorkflowNotFoundError, WorkflowFailedError, type Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { DeploymentInput } from '../contract/messages.ts';
import type { DeploymentRecord } from '../contract/record.ts';
import { SlipwayError } from '../contract/failure.ts';
import { deploymentWorkflowId, parseDeploymentId } from '../contract/target.ts';

/** A deployment's workflow as Temporal knows it. */
export interface Execution {
  readonly startedAt: string;
  readonly input: DeploymentInput;
}

/** What Temporal knows about deployments, as the orchestrator's activities ask it. */
export interface Executions {
  /** Null when Temporal has no workflow of that id. @throws TEMPORAL_UNAVAILABLE */
  find(deploymentId: string): Promise<Execution | null>;
  /** Whether operators can find it by its search attributes, in the seventh stage (§11). @throws TEMPORAL_UNAVAILABLE */
  isVisible(deploymentId: string): Promise<boolean>;
  /** Waits until its newest run has closed: its record, or null when it ended without one, or was deleted. */
  result(deploymentId: string): Promise<DeploymentRecord | null>;
  /** Its whole history as gzipped JSON, in the form that replay reads; null when Temporal has it no more. */
  history(deploymentId: string): Promise<Buffer | null>;
}

/** @param list whether the server can list workflows: the time-skipping test server cannot. */
export function createExecutions(client: Client, { list = true } = {}): Executions {
  const handleOf = (deploymentId: string) => client.workflow.getHandle(workflowIdOf(deploymentId));
  return {
    async find(deploymentId) {
      try {
        const { startTime } = await handleOf(deploymentId).describe();
        const { events } = await handleOf(deploymentId).fetchHistory();
        const payload = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0];
        if (!payload) return null;
        const input = defaultPayloadConverter.fromPayload<DeploymentInput>(payload);
        return { startedAt: startTime.toISOString(), input };
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return null;
        throw unavailable(error);
      }
    },

    async isVisible(deploymentId) {
      if (!list) return (await this.find(deploymentId)) !== null;
      try {
        const query = `SlipwayDeployment = '${deploymentId}' AND SlipwayStage = 'completion'`;
        return (await client.workflow.count(query)).count > 0;
      } catch (error) {
        throw unavailable(error);
      }
    },

    async result(deploymentId) {
      try {
        return (await handleOf(deploymentId).result()) as DeploymentRecord;
      } catch (error) {
        if (error instanceof WorkflowFailedError) return recordOf(error);
        if (error instanceof WorkflowNotFoundError) return null;
        throw unavailable(error);
      }
    },

    async history(deploymentId) {
      try {
        return gzipSync(historyToJSON(await handleOf(deploymentId).fetchHistory()));
      } catch (error) {
        if ((await this.find(deploymentId)) === null) return null;
        throw unavailable(error);
      }
    },
  };
}

/** The record in the details of a deployment that did not complete; null when it was terminated. */
export function recordOf(error: WorkflowFailedError): DeploymentRecord | null {
  const cause = error.cause as { details?: unknown[] } | undefined;
  const record = cause?.details?.[0] as DeploymentRecord | undefined;
  return record?.stages === undefined ? null : record;
}

function workflowIdOf(deploymentId: string): string {
  const parsed = parseDeploymentId(deploymentId);
  if (parsed === null) throw new SlipwayError('UNKNOWN_DEPLOYMENT', `${deploymentId} is no deployment id`);
  return deploymentWorkflowId(parsed, parsed.n);
}

function unavailable(error: unknown): unknown {
  if (!isGrpcServiceError(error)) return error;
  return new SlipwayError('TEMPORAL_UNAVAILABLE', `Temporal did not answer: ${error.message}`, { cause: error });
}
