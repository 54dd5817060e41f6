import { afterAll, describe, expect, test } from 'vitest';
import type { CommandSmokeTest, HttpSmokeTest } from '../../src/config/smoke-test.ts';
import { createProber, type ProbeAnswer } from '../../src/health/probe.ts';
import {
  type CommandAnswer,
  runSmokeTest,
  runSmokeTests,
  type SmokeDeps,
  smokeVerdict,
} from '../../src/health/smoke.ts';
import { serve } from './servers.ts';

const prober = createProber();
afterAll(() => prober.close());

const homePage: HttpSmokeTest = {
  name: 'home page',
  path: '/',
  status: 200,
  includes: 'Welcome',
  timeout: 1_000,
  at: ['verification', 'live'],
};
const ledger: CommandSmokeTest = { name: 'ledger', command: ['node', 'check.mjs'], timeout: 2_000, at: ['live'] };
const welcome: ProbeAnswer = {
  ended: 'answered',
  status: 200,
  body: 'Welcome!',
  headers: {},
  detail: 'answered 200',
  elapsed: 3,
  late: false,
};
const silence: ProbeAnswer = {
  ...welcome,
  ended: 'timed-out',
  status: null,
  body: '',
  detail: 'no whole answer within 1s',
};

/** Gives these answers, one after the other. */
function answering(...answers: ProbeAnswer[]): SmokeDeps & { asked: number } {
  const deps = {
    asked: 0,
    request: async () => answers[deps.asked++] ?? welcome,
    runCommand: () => Promise.reject(new Error('runs no command')),
  };
  return deps;
}

describe('a smoke test over HTTP', () => {
  test('passes on the status and the text that it expects', async () => {
    const result = await runSmokeTest(homePage, answering(welcome));
    expect(result).toMatchObject({ name: 'home page', verdict: 'pass', elapsed: 3 });
    expect(result.message).toBe('GET /: answered 200, as expected: 200 that includes "Welcome" within 1s');
  });

  test('quotes nothing of what is answered by a component that is given a secret: results are sealed', async () => {
    const leak = {
      ...welcome,
      status: 500,
      detail: 'answered 500',
      body: 'cannot reach postgres://shop:pa55word@db',
      headers: { 'x-db': 'pa55word' },
    };
    const asked = { ...homePage, headers: { 'x-db': 'up' }, json: [{ path: '$.db' as never, equals: 'up' }] };
    const over = await runSmokeTest(asked, { ...answering(leak), isDiscreet: true });
    const runCommand = async () => ({ exitCode: 1, timedOut: false, output: 'pa55word is wrong', elapsed: 1 });
    const by = await runSmokeTest(ledger, { ...answering(), runCommand, isDiscreet: true });
    expect([over.verdict, by.verdict]).toEqual(['fail', 'fail']);
    expect(JSON.stringify([over, by])).not.toContain('pa55word');
    expect(over.message).toMatch(/^GET \/: answered 500; expected 200 /);
  });

  test('fails on a page that answers 200 and is an error page, and says what it found instead', async () => {
    const address = await serve((_, response) => response.end('<h1>Something\n  went wrong</h1>'));
    const result = await runSmokeTest(homePage, {
      ...answering(),
      request: (path, options) => prober.probe(`${address}${path}`, options),
    });
    expect(result).toMatchObject({ verdict: 'fail' });
    expect(result.message).toBe(
      'GET /: answered 200, beginning "<h1>Something went wrong</h1>"; expected 200 that includes "Welcome" within 1s',
    );
  });

  test.each<[string, ProbeAnswer]>([
    ['another status, though the text is there', { ...welcome, status: 500, detail: 'answered 500' }],
    ['no answer', silence],
  ])('fails on %s', async (_, answer) => {
    const deps = answering(answer);
    expect(await runSmokeTest(homePage, deps)).toMatchObject({ verdict: 'fail' });
    expect(deps.asked).toBe(1);
  });

  test('without a text to look for is content with the status it names', async () => {
    const { includes: _, ...statusOnly } = { ...homePage, status: 404 };
    const deps = answering({ ...welcome, status: 404, body: '' });
    expect(await runSmokeTest(statusOnly, deps)).toMatchObject({ verdict: 'pass' });
  });

  test('that was late on our side is tried once more', async () => {
    const deps = answering({ ...silence, late: true }, welcome);
    expect(await runSmokeTest(homePage, deps)).toMatchObject({ verdict: 'pass' });
    expect(deps.asked).toBe(2);
  });

  test('that was late twice is inconclusive, neither pass nor fail', async () => {
    const deps = answering({ ...silence, late: true }, { ...silence, late: true }, welcome);
    const result = await runSmokeTest(homePage, deps);
    expect(result).toMatchObject({ verdict: 'inconclusive' });
    expect(result.message).toContain('the delay was on our side');
    expect(deps.asked).toBe(2);
  });

  test('keeps its message small, whatever the page', async () => {
    const result = await runSmokeTest(homePage, answering({ ...welcome, body: 'x'.repeat(100_000) }));
    expect(result.message.length).toBeLessThan(300);
  });
});

describe('a smoke test by command', () => {
  const ended: CommandAnswer = { exitCode: 0, timedOut: false, output: 'ok\n', elapsed: 40 };
  const run = (answer: CommandAnswer) => runSmokeTest(ledger, { ...answering(), runCommand: async () => answer });

  test('passes on exit 0', async () => {
    expect(await run(ended)).toMatchObject({ name: 'ledger', verdict: 'pass', elapsed: 40 });
  });

  test('fails on another exit, with the last line it printed', async () => {
    const result = await run({ ...ended, exitCode: 3, output: 'reading\nledger is empty\n' });
    expect(result.verdict).toBe('fail');
    expect(result.message).toBe('node check.mjs: ended with 3, last line "ledger is empty"; expected 0 within 2s');
  });

  test('fails when it does not end, or is ended by a signal', async () => {
    expect(await run({ ...ended, exitCode: null, timedOut: true })).toMatchObject({ verdict: 'fail' });
    expect(await run({ ...ended, exitCode: null })).toMatchObject({ verdict: 'fail' });
  });

  test('that cannot be run at all is our error, and thrown', async () => {
    await expect(runSmokeTest(ledger, answering())).rejects.toThrow('runs no command');
  });
});

describe('several smoke tests', () => {
  const live: HttpSmokeTest = { ...homePage, name: 'catalog', path: '/products', at: ['live'] };

  test('are those that are marked for the place', async () => {
    const results = await runSmokeTests([homePage, live], 'verification', answering());
    expect(results.map((result) => result.name)).toEqual(['home page']);
  });

  test('end at the first that fails', async () => {
    const results = await runSmokeTests([homePage, live], 'live', answering(silence));
    expect(results.map((result) => result.verdict)).toEqual(['fail']);
    expect(smokeVerdict(results)).toBe('fail');
  });

  test('that are none are missing data, never a pass', () => expect(smokeVerdict([])).toBe('inconclusive'));
});
