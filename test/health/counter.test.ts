import { describe, expect, test } from 'vitest';
import { type Answers, NO_COUNTS } from '../../src/contract/answers.ts';
import { createCounter } from '../../src/health/counter.ts';
import type { Measurement } from '../../src/runtime/driver.ts';
import { answered } from './evidence.ts';

/** A runtime that has counted so many answers to users, one after the other. */
function counting(...counted: (readonly [instance: string, users: number] | null)[]) {
  const live = counted.map((each): Measurement['live'] => each && { instance: each[0], answers: users(each[1]) });
  const [first = null, ...rest] = live;
  const measure = async (): Promise<Measurement> => ({ live: rest.shift() ?? null, before: null });
  return { first, measure };
}

function users(count: number): Answers {
  return { users: count === 0 ? NO_COUNTS : answered(count), probes: NO_COUNTS };
}

describe('the counts of a runtime', () => {
  test('are read as what came since', async () => {
    const { first, measure } = counting(['a1', 10], ['a1', 15], ['a1', 15], ['a1', 18]);
    const counter = createCounter(measure, first, true);
    expect(await counter.read()).toEqual({ answers: users(5) });
    expect(await counter.read()).toEqual({ answers: users(0) });
    expect(await counter.read()).toEqual({ answers: users(3) });
  });

  test('are early until the release is settled', async () => {
    const { first, measure } = counting(['a1', 0], ['a1', 4], ['a1', 7], ['a1', 12], ['a1', 20]);
    const counter = createCounter(measure, first);
    expect(await counter.read()).toEqual({ answers: users(4), early: users(4) });
    await counter.settle();
    expect(await counter.read()).toEqual({ answers: users(8), early: users(3) });
    expect(await counter.read()).toEqual({ answers: users(8) });
  });

  test.each([
    ['of another instance', 'a2', 15],
    ['of a runtime that began anew', 'a1', 3],
  ])('%s are all new', async (_, instance, count) => {
    const { first, measure } = counting(['a1', 10], [instance, count]);
    expect(await createCounter(measure, first, true).read()).toEqual({ answers: users(count) });
  });

  test('that are not to be had are none, and no zero', async () => {
    const { first, measure } = counting(['a1', 10], null, ['a1', 15]);
    const counter = createCounter(measure, first, true);
    expect(await counter.read()).toEqual({});
    expect(await counter.read()).toEqual({ answers: users(5) });
  });
});
