import type { RequestListener } from 'node:http';
import { afterAll, describe, expect, test } from 'vitest';
import type { HttpSmokeTest } from '../../src/config/smoke-test.ts';
import { createProber } from '../../src/health/probe.ts';
import { runSmokeTest, smokeResultVerdict, smokeVerdict, type SmokeResult } from '../../src/health/smoke.ts';
import { serve } from './servers.ts';

const prober = createProber();
afterAll(() => prober.close());

/** Runs a smoke test against a real server. */
async function against(listener: RequestListener, also: Partial<HttpSmokeTest>): Promise<SmokeResult> {
  const address = await serve(listener);
  const test: HttpSmokeTest = { name: 'prices', path: '/', status: 200, timeout: 5_000, at: ['live'], ...also };
  return runSmokeTest(test, {
    // That this machine was slow is another test's matter.
    request: async (path, options) => ({ ...(await prober.probe(`${address}${path}`, options)), late: false }),
    runCommand: () => Promise.reject(new Error('runs no command')),
  });
}

const says =
  (body: string, headers: Record<string, string | string[]> = {}): RequestListener =>
  (_, response) =>
    response.writeHead(200, headers).end(body);

const json = (value: unknown) => says(JSON.stringify(value), { 'content-type': 'application/json; charset=utf-8' });

test('a smoke test is told from a person’s request by its header', async () => {
  const seen: (string | string[] | undefined)[] = [];
  await against((request, response) => {
    seen.push(request.headers['slipway-probe']);
    response.end();
  }, {});
  expect(seen).toEqual(['smoke']);
});

describe('headers', () => {
  test.each<[string, Record<string, string>]>([
    ['whole', { 'content-type': 'text/html' }],
    ['whatever the case of their names', { 'Content-Type': 'text/html' }],
    ['by their beginning', { 'content-type': 'text/*' }],
    ['by being there', { 'x-shop': '*' }],
    ['without the blanks around them', { 'x-shop': ' a, b ' }],
    ['of several lines, joined', { 'set-cookie': 'a=1, b=2' }],
  ])('are compared %s', async (_, headers) => {
    const answer = says('', { 'content-type': 'text/html', 'X-Shop': 'a, b', 'set-cookie': ['a=1', 'b=2'] });
    expect(await against(answer, { headers })).toMatchObject({ verdict: 'pass' });
  });

  test('that are others fail, and are told', async () => {
    const result = await against(says('<p>', { 'content-type': 'text/html; charset=utf-8' }), {
      headers: { 'Content-Type': 'text/html', 'x-shop': 'a' },
    });
    expect(result).toMatchObject({
      verdict: 'fail',
      checks: [
        { what: 'answered within 5s', passed: true },
        { what: 'status 200', passed: true },
        { what: 'header content-type "text/html"', passed: false },
        { what: 'header x-shop "a"', passed: false },
      ],
    });
    expect(result.message).toBe(
      'GET /: answered 200, content-type is "text/html; charset=utf-8", no header x-shop, beginning "<p>"; ' +
        'expected 200 with content-type "text/html" and x-shop "a" within 5s',
    );
  });

  test('named as what every object has are headers like others', async () => {
    expect(await against(says(''), { headers: { constructor: '*' } })).toMatchObject({ verdict: 'fail' });
  });
});

describe('JSON', () => {
  const order = { items: [{ price: 12, name: 'a boat', sold: false, note: null }] };

  test.each<[string, string | number | boolean | null]>([
    ['$.items[0].price', 12],
    ['$.items[-1].name', 'a boat'],
    ['$.items[0].sold', false],
    ['$.items[0].note', null],
  ])('at %s is %s', async (path, equals) => {
    const result = await against(json(order), { json: [{ path, equals }] });
    expect(result).toMatchObject({ verdict: 'pass' });
    expect(result.message).toBe(
      `GET /: answered 200, as expected: 200 where ${path} is ${JSON.stringify(equals)} within 5s`,
    );
  });

  test('is there, whatever it is', async () => {
    const there = { json: [{ path: '$.items', exists: true }] } as const;
    expect(await against(json(order), { json: [...there.json] })).toMatchObject({ verdict: 'pass' });
    expect(await against(json({}), { json: [...there.json] })).toMatchObject({ verdict: 'fail' });
  });

  test.each<[string, string, string | number | null, string]>([
    ['another number', '$.items[0].price', 13, '$.items[0].price is 12'],
    ['a number for a text', '$.items[0].price', '12', '$.items[0].price is 12'],
    ['another text', '$.items[0].name', 'a ship', '$.items[0].name is "a boat"'],
    ['something for null', '$.items[0].sold', null, '$.items[0].sold is false'],
    ['an object', '$.items[0]', 1, '$.items[0] is an object'],
    ['a list', '$.items', 1, '$.items is a list'],
    ['nothing there', '$.items[1].price', 12, 'nothing at $.items[1].price'],
    ['nothing of its own', '$.constructor', 'x', 'nothing at $.constructor'],
  ])('that holds %s fails, with path, found and expected', async (_, path, equals, found) => {
    const result = await against(json(order), { json: [{ path, equals }] });
    expect(result.verdict).toBe('fail');
    expect(result.message).toContain(`GET /: answered 200, ${found}, beginning`);
    expect(result.message).toContain(`expected 200 where ${path} is ${JSON.stringify(equals)} within 5s`);
  });

  test.each([
    ['an error page', '<h1>Something went wrong</h1>'],
    ['an empty body', ''],
    ['half an answer', '{"items": ['],
  ])('that is %s fails as no JSON, once for all paths', async (_, body) => {
    const result = await against(says(body), {
      json: [
        { path: '$.a', equals: 1 },
        { path: '$.b', exists: true },
      ],
    });
    expect(result.verdict).toBe('fail');
    expect(result.message.match(/a body that is no JSON/g)).toHaveLength(1);
  });

  test('nested without end is looked at all the same', async () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    expect(await against(says(deep), { json: [{ path: '$[0]', equals: 1 }] })).toMatchObject({ verdict: 'fail' });
  });

  test('leaves a small message, and small checks, however much is there and expected', async () => {
    const value = 'x'.repeat(100_000);
    const paths = Array.from({ length: 50 }, (_, n) => `$.a${n}.${'b'.repeat(150)}`);
    const result = await against(json(Object.fromEntries(paths.map((_, n) => [`a${n}`, value]))), {
      json: paths.map((path) => ({ path, equals: value })),
    });
    expect(result.message.length).toBeLessThanOrEqual(1_000);
    expect(result.message).toContain('and 47 more');
    expect(JSON.stringify(result).length).toBeLessThan(20_000);
  });
});

describe('the bound on time', () => {
  test('is until the last byte: a body that drips beyond it fails, right as it begins', async () => {
    const drips: RequestListener = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).write('{"price":12}');
      const drip = setInterval(() => response.write(' '), 10);
      response.on('close', () => clearInterval(drip));
    };
    const result = await against(drips, { timeout: 60, json: [{ path: '$.price', equals: 12 }] });
    expect(result.checks).toEqual([
      { what: 'answered within 60ms', passed: false },
      { what: 'status 200', passed: false },
      { what: '$.price is 12', passed: false },
    ]);
    expect(result.message).toBe('GET /: no whole answer within 60ms; expected 200 where $.price is 12 within 60ms');
  });
});

describe('the verdict of a recorded result', () => {
  test.each<[Pick<SmokeResult, 'checks' | 'late'>, string]>([
    [{ checks: [{ what: 'status 200', passed: true }], late: true }, 'pass'],
    [{ checks: [{ what: 'status 200', passed: false }], late: false }, 'fail'],
    [{ checks: [{ what: 'status 200', passed: false }], late: true }, 'inconclusive'],
    [{ checks: [], late: false }, 'inconclusive'],
  ])('%j is %s', (recorded, verdict) => expect(smokeResultVerdict(recorded)).toBe(verdict));

  test('is found from its checks, whatever it says of itself', () => {
    const forged: SmokeResult = {
      name: 'home page',
      verdict: 'pass',
      checks: [{ what: 'status 200', passed: false }],
      late: false,
      message: '',
      elapsed: 1,
    };
    expect(smokeVerdict([forged])).toBe('fail');
  });
});
