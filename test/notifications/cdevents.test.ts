import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { HTTP, type CloudEvent } from 'cloudevents';
import { describe, expect, test } from 'vitest';
import { cdeventOf, cloudEventMessage, type CDEvent } from '../../src/notifications/cdevents.ts';
import { AT, ended, eventOf, EVERY_KIND, FROM, ID, RELEASE, TARGET } from './events.ts';
import { endedEvent } from '../../src/contract/event.ts';

const FOLDER = join(import.meta.dirname, 'schemas');

/** The specification's own schemas; see the README beside them. Formats are stated, and checked here by hand. */
const ajv = new Ajv2020({ strict: false, formats: { 'uri-reference': true, uri: true, 'date-time': true } });
const schemas = [FOLDER, join(FOLDER, 'links')].flatMap((folder) =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Schema),
);
for (const schema of schemas) ajv.addSchema(schema);

interface Schema {
  readonly $id: string;
  readonly properties?: { readonly context?: { readonly properties: { readonly type: { readonly enum: string[] } } } };
}

/** What is wrong with an event, by the schema of its own type. */
function faults(event: CDEvent): unknown {
  const schema = schemas.find(({ properties }) =>
    properties?.context?.properties.type.enum.includes(event.context.type),
  );
  if (schema === undefined) return `no schema for ${event.context.type}`;
  return ajv.validate(schema.$id, event) ? null : ajv.errors;
}

describe('a CDEvent of Slipway', () => {
  test.for(EVERY_KIND)('%s is one by the schema of the specification', ([, event]) => {
    expect(faults(JSON.parse(JSON.stringify(cdeventOf(event))) as CDEvent)).toBeNull();
  });

  test('that lacked something would not be', () => {
    const { context, ...rest } = cdeventOf(eventOf('upgraded'));
    expect(faults({ ...rest, context: { ...context, id: '' } })).not.toBeNull();
  });

  test.for([
    ['deployed', 'service.deployed', RELEASE],
    ['upgraded', 'service.upgraded', RELEASE],
    ['rolledback', 'service.rolledback', FROM],
  ] as const)('%s is %s, of the artifact that is live now', ([kind, type, { digest }]) => {
    expect(cdeventOf(eventOf(kind))).toMatchObject({
      context: { id: `${ID}:${kind}`, type: `dev.cdevents.${type}.0.3.0`, timestamp: AT, source: '/slipway/staging' },
      subject: {
        id: TARGET,
        content: {
          environment: { id: 'staging' },
          artifactId: `pkg:oci/hello@sha256%3A${digest.slice(7)}`,
        },
      },
    });
  });

  test('of a rollback that a person ordered is of the release that it brought', () => {
    const change = { ...ended({}).change, id: 'rollback:previous' };
    const event = endedEvent(ended({ change }), AT);
    expect(event && cdeventOf(event)).toMatchObject({
      context: { type: 'dev.cdevents.service.rolledback.0.3.0' },
      subject: { content: { artifactId: `pkg:oci/hello@${encodeURIComponent(RELEASE.digest)}` } },
    });
  });

  test.for([
    ['rejected', 'failure'],
    ['failed', 'failure'],
    ['aborted', 'cancel'],
  ] as const)('%s is a run that is finished: %s', ([kind, outcome]) => {
    const { context, subject } = cdeventOf(eventOf(kind));
    expect(context.type).toBe('dev.cdevents.pipelinerun.finished.0.3.0');
    expect(subject).toMatchObject({ id: ID, content: { pipelineName: TARGET, outcome } });
  });

  test('tells an error of our own side from a change that failed', () => {
    const failure = { code: 'STORE_UNAVAILABLE', clause: null, stage: 'build', message: 'no space left' } as const;
    const event = endedEvent(ended({ result: 'failed', failure }), AT);
    expect(event && cdeventOf(event).subject.content).toMatchObject({ outcome: 'error' });
  });

  test.for(['rollback-failed', 'rollback-breached', 'degraded'] as const)('%s is an incident', (kind) => {
    const { context, subject } = cdeventOf(eventOf(kind));
    expect(context.type).toBe('dev.cdevents.incident.detected.0.3.0');
    expect(subject).toMatchObject({ id: `${ID}:${kind}`, content: { service: { id: TARGET } } });
  });

  test.for(EVERY_KIND)('%s is carried by a CloudEvent that says the same of itself', ([, event]) => {
    const { contentType, body } = cloudEventMessage(event);
    expect(contentType).toMatch(/^application\/cloudevents\+json/);
    const read = HTTP.toEvent({ headers: { 'content-type': contentType }, body }) as CloudEvent<CDEvent>;
    expect(read.validate()).toBe(true);
    const { context, subject, customData } = cdeventOf(event);
    expect(read).toMatchObject({
      specversion: '1.0',
      id: event.id,
      source: context.source,
      type: context.type,
      subject: subject.id,
      time: AT,
      datacontenttype: 'application/json',
    });
    expect(read.data).toMatchObject({ context, subject, customData });
  });
});
