import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  breachedEvent,
  degradedEvent,
  endedEvent,
  EVENT_KINDS,
  wants,
  type EventKind,
  type NotifiedEvent,
  type Wanted,
} from '../../src/contract/event.ts';
import type { DeploymentRecord } from '../../src/contract/record.ts';
import { AT, ended, FROM, ID, RELEASE, rolledBack, TARGET } from '../notifications/events.ts';

type Case = [what: string, record: Partial<DeploymentRecord>, kind: EventKind, isUrgent: boolean];

const rollbackTo = (version: string) => ({ change: { ...ended({}).change, id: `rollback:${version}` } });

const CASES: Case[] = [
  ['a first release', { result: 'completed', from: null }, 'deployed', false],
  ['a release in place of another', { result: 'completed' }, 'upgraded', false],
  ['a rollback that a person ordered', { result: 'completed', ...rollbackTo('previous') }, 'rolledback', false],
  ['a rollback by itself', rolledBack('rolled-back', 'restored'), 'rolledback', false],
  ['a rollback that was late', rolledBack('rolled-back', 'late'), 'rolledback', true],
  ['an abort that had changed the runtime', rolledBack('aborted', 'restored'), 'rolledback', false],
  ['a first deployment that was taken back', rolledBack('rolled-back', 'removed'), 'removed', false],
  ['an abort of a first deployment', rolledBack('aborted', 'removed'), 'removed', false],
  ['an abort in good time', { result: 'aborted' }, 'aborted', false],
  ['a change that was refused', { result: 'rejected', from: null, artifact: null }, 'rejected', false],
  ['a deployment that failed', { result: 'failed' }, 'failed', false],
  ['a rollback that a person took over', rolledBack('rollback-failed', 'failed'), 'rollback-failed', true],
];

describe('what people are told of a deployment that has ended', () => {
  test.for(CASES)('%s', ([, record, kind, isUrgent]) => {
    expect(endedEvent(ended(record), AT)).toMatchObject({
      id: `${ID}:${kind}`,
      kind,
      deploymentId: ID,
      target: TARGET,
      at: AT,
      isUrgent,
    });
  });

  test('is which change, which versions, how it ended and why', () => {
    expect(endedEvent(ended(rolledBack('rolled-back', 'restored')), AT)).toMatchObject({
      change: 'CHG-1042',
      release: RELEASE,
      from: FROM,
      result: 'rolled-back',
      failure: { code: 'SMOKE_FAILED', message: 'home page: 500' },
    });
  });

  test('is nothing while it runs, and nothing of an order that never became a deployment', () => {
    expect(endedEvent(ended({ result: null }), AT)).toBeNull();
    expect(endedEvent(ended({ result: 'aborted', deploymentId: null }), AT)).toBeNull();
  });

  test('holds at most 500 characters of a failure, on one line', () => {
    const message = `one\n\ttwo ${'x'.repeat(2_000)}`;
    const failure = { code: 'BUILD_FAILED', clause: '§6', stage: 'build', message } as const;
    const said = endedEvent(ended({ result: 'failed', failure }), AT)?.failure?.message ?? '';
    expect(said).toMatch(/^one two x+…$/);
    expect(said).toHaveLength(500);
  });
});

test('a rollback past its bound is told while it goes on, and is urgent', () => {
  const record = ended({ ...rolledBack('rolled-back', 'restored'), result: null, rollback: null });
  expect(breachedEvent({ record, at: AT })).toMatchObject({
    id: `${ID}:rollback-breached`,
    result: null,
    isUrgent: true,
    next: expect.stringContaining(`slipway takeover ${ID} --by YOU --reason WHY`) as string,
  });
  expect(breachedEvent({ record: ended({ deploymentId: null }), at: AT })).toBeNull();
});

test.for([
  [true, /^A rollback was begun/],
  [false, /^There is no release to return to/],
] as const)('a release that got worse is urgent, and says whether there is a way back: %s', ([hasWayBack, next]) => {
  const event = degraded(hasWayBack);
  expect(event).toMatchObject({ id: `${ID}:degraded`, isUrgent: true, release: RELEASE });
  expect(event.failure).toEqual({ code: 'HEALTH_DEGRADED', message: '3 % errors' });
  expect(event.next).toMatch(next);
});

describe('what to do next', () => {
  const told = everyEvent();

  test('is said by every urgent event, on one line', () => {
    const urgent = told.filter(({ isUrgent }) => isUrgent);
    expect(urgent).toHaveLength(5);
    expect(urgent.map(({ next }) => next)).not.toContain(null);
    expect(told.filter(({ next }) => next?.includes('\n'))).toEqual([]);
  });

  test('names commands of slipway that exist', () => {
    const commands = told.flatMap(({ next }) =>
      [...(next ?? '').matchAll(/slipway ([a-z]+)/g)].map(([, name]) => name),
    );
    expect(new Set(commands)).toEqual(new Set(['status', 'resume', 'rollback', 'takeover', 'doctor', 'logs']));
    const files = commands.map((name) => join(import.meta.dirname, '../../src/cli', `${name}.ts`));
    expect(files.filter((file) => !existsSync(file))).toEqual([]);
  });

  test('covers every kind', () => {
    expect(new Set(told.map(({ kind }) => kind))).toEqual(new Set(EVENT_KINDS));
  });
});

test.for([
  ['all', { kind: 'deployed', isUrgent: false }, true],
  ['urgent', { kind: 'rolledback', isUrgent: false }, false],
  ['urgent', { kind: 'rolledback', isUrgent: true }, true],
  [['upgraded', 'rolledback'], { kind: 'rolledback', isUrgent: false }, true],
  [['upgraded'], { kind: 'rollback-failed', isUrgent: true }, false],
] satisfies [Wanted, Pick<NotifiedEvent, 'kind' | 'isUrgent'>, boolean][])(
  'a receiver of %j hears of %j: %s',
  ([events, event, isHeard]) => {
    expect(wants(events, event)).toBe(isHeard);
  },
);

function degraded(hasWayBack: boolean): NotifiedEvent {
  return degradedEvent({ ...RELEASE, deploymentId: ID, target: TARGET, reason: '3 % errors', at: AT, hasWayBack });
}

function everyEvent(): NotifiedEvent[] {
  const ends = CASES.flatMap(([, record]) => endedEvent(ended(record), AT) ?? []);
  return [...ends, breachedEvent({ record: ended({}), at: AT }) ?? [], degraded(true), degraded(false)].flat();
}
