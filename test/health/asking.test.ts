import { describe, expect, test } from 'vitest';
import { type Asking, type AskingOptions, createAsking } from '../../src/health/asking.ts';
import { systemClock } from '../../src/health/clock.ts';
import { scriptedClock } from './scripted-clock.ts';

function asking(options: Partial<AskingOptions> = {}) {
  const clock = scriptedClock();
  const at: number[] = [];
  const ask = async () => void at.push(clock.now());
  const once = { at: Infinity, do: async () => {} };
  const opened: Asking = createAsking({ ask, pace: 100, most: 1_000, once, clock, ...options });
  return { asking: opened, at, clock };
}

describe('asking between two looks', () => {
  test('keeps its pace, until the next look is due', async () => {
    const { asking: opened, at, clock } = asking();
    await opened.passTime(450);
    expect(clock.now()).toBe(450);
    expect(at).toEqual([100, 200, 300, 400]);
    await opened.passTime(600);
    expect(at).toEqual([100, 200, 300, 400, 500]);
  });

  test('never asks more often than every 10 ms', async () => {
    const { asking: opened, at } = asking({ pace: 0.1 });
    await opened.passTime(100);
    expect(at.length).toBeLessThanOrEqual(10);
  });

  test('asks now and then for what is not told yet, and not at all for what is', async () => {
    const { asking: opened, at } = asking();
    opened.want('more');
    await opened.passTime(200);
    expect(at).toEqual([50, 100, 150]);
    opened.want(null);
    await opened.passTime(1_000);
    expect(at.length).toBe(3);
  });

  test('asks no more for the floor, from one look to the next, than it is high', async () => {
    const { asking: opened, at } = asking({ most: 3 });
    await opened.passTime(10_000);
    expect(at.length).toBe(3);
  });

  test('does one thing at its moment, once', async () => {
    const done: number[] = [];
    const clock = scriptedClock();
    const once = { at: 250, do: async () => void done.push(clock.now()) };
    const { asking: opened } = asking({ once, clock });
    await opened.passTime(1_000);
    await opened.passTime(2_000);
    expect(done).toEqual([250]);
  });

  test('does not wait for answers, but has no more than 32 questions open', async () => {
    let open = 0;
    let most = 0;
    const answers: (() => void)[] = [];
    const ask = async () => {
      most = Math.max(most, ++open);
      await new Promise<void>((resolve) => answers.push(resolve));
      open -= 1;
    };
    const { asking: opened } = asking({ ask, pace: 10 });
    const passing = opened.passTime(2_000);
    await new Promise(setImmediate);
    expect(open).toBe(32);
    const answering = setInterval(() => answers.shift()?.(), 0);
    await passing;
    clearInterval(answering);
    expect(most).toBe(32);
  });

  test('ends at once, with whatever is still asked', async () => {
    let cut = 0;
    const ask = (signal: AbortSignal) =>
      new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => {
          cut += 1;
          reject(new Error('cut short'));
        });
      });
    const { asking: opened } = asking({ ask });
    await opened.passTime(500);
    await opened.stop();
    expect(cut).toBe(4);
  });

  test('takes an answer that never came for no error: the runtime counts, or does not', async () => {
    const { asking: opened, clock } = asking({ ask: () => Promise.reject(new Error('refused')) });
    await opened.passTime(500);
    await opened.stop();
    expect(clock.now()).toBe(500);
  });

  // Again where the machine itself was slow: this measures.
  test('catches up by the real clock with what timers overrun', { retry: 3 }, async () => {
    let asked = 0;
    const clock = systemClock;
    const ask = async () => void (asked += 1);
    const { asking: opened } = asking({ ask, clock, pace: 20 });
    await opened.passTime(clock.now() + 400);
    expect(asked).toBeGreaterThanOrEqual(15);
    expect(asked).toBeLessThanOrEqual(20);
  });
});
