import { CloudEvent, HTTP } from 'cloudevents';
import type { EventKind, NotifiedEvent } from '../contract/event.ts';
import { FAILURES } from '../contract/failure.ts';
import type { ReleaseRef } from '../contract/release.ts';
import { parseTarget } from '../contract/target.ts';
import { sentenceOf } from './sentence.ts';

const SPECIFICATION = '0.5.1';

/** An event in the vocabulary of https://cdevents.dev, 0.5.1: what its schemas ask for, and ours as `customData`. */
export interface CDEvent {
  readonly context: {
    readonly specversion: string;
    readonly id: string;
    readonly source: string;
    readonly type: string;
    readonly timestamp: string;
  };
  readonly subject: { readonly id: string; readonly content: object };
  readonly customData: NotifiedEvent;
  readonly customDataContentType: 'application/json';
}

type Subject = 'service' | 'pipelinerun' | 'incident';

/**
 * What each kind is in that vocabulary: what became of the service; where the service was never touched, that the run
 * is finished; and an incident where a person has to act. The specification has one for all of them.
 */
export const CDEVENT_OF_KIND = {
  deployed: 'service.deployed',
  upgraded: 'service.upgraded',
  rolledback: 'service.rolledback',
  removed: 'service.removed',
  rejected: 'pipelinerun.finished',
  failed: 'pipelinerun.finished',
  aborted: 'pipelinerun.finished',
  'rollback-failed': 'incident.detected',
  'rollback-breached': 'incident.detected',
  degraded: 'incident.detected',
} as const satisfies Record<EventKind, `${Subject}.${string}`>;

export function cdeventOf(event: NotifiedEvent): CDEvent {
  const { environment, component } = parseTarget(event.target) ?? {
    environment: event.target,
    component: event.target,
  };
  return {
    context: {
      specversion: SPECIFICATION,
      id: event.id,
      source: `/slipway/${environment}`,
      type: `dev.cdevents.${CDEVENT_OF_KIND[event.kind]}.0.3.0`,
      timestamp: event.at,
    },
    subject: subjectOf(event, environment, component),
    customData: event,
    customDataContentType: 'application/json',
  };
}

/**
 * An event as a CloudEvent over HTTP, in structured mode: its attributes are in the body, and so under the signature,
 * which in binary mode would leave them out.
 */
export function cloudEventMessage(event: NotifiedEvent): { readonly contentType: string; readonly body: string } {
  const data = cdeventOf(event);
  const { id, source, type, timestamp: time } = data.context;
  const attributes = { id, source, type, time, subject: data.subject.id, datacontenttype: 'application/json', data };
  const { headers, body } = HTTP.structured(new CloudEvent(attributes));
  return { contentType: String(headers['content-type']), body: String(body) };
}

function subjectOf(event: NotifiedEvent, environment: string, component: string): CDEvent['subject'] {
  const { id, kind, deploymentId, target, release, from, result } = event;
  const where = { environment: { id: environment } };
  switch (kind) {
    case 'deployed':
    case 'upgraded':
      return { id: target, content: { ...where, artifactId: artifactId(component, release) } };
    case 'rolledback':
      return {
        id: target,
        content: { ...where, artifactId: artifactId(component, result === 'completed' ? release : from) },
      };
    case 'removed':
      return { id: target, content: where };
    case 'rejected':
    case 'failed':
    case 'aborted':
      return {
        id: deploymentId,
        content: { pipelineName: target, outcome: outcomeOf(event), errors: sentenceOf(event) },
      };
    case 'rollback-failed':
    case 'rollback-breached':
    case 'degraded': {
      const affected = { service: { id: target }, artifactId: artifactId(component, release) };
      return { id, content: { description: sentenceOf(event), ...where, ...affected } };
    }
  }
}

/** The service's artifact as a package URL, `pkg:oci/NAME@sha256%3A…`. */
function artifactId(component: string, release: ReleaseRef | null): string {
  return release === null ? `pkg:oci/${component}` : `pkg:oci/${component}@${encodeURIComponent(release.digest)}`;
}

/** `error` is our own side's fault, `failure` the change's. */
function outcomeOf({ kind, failure }: NotifiedEvent): 'cancel' | 'error' | 'failure' {
  if (kind === 'aborted') return 'cancel';
  return failure !== null && FAILURES[failure.code].fault === 'platform' ? 'error' : 'failure';
}
