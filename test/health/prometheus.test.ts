import { type IncomingMessage, type RequestListener } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Prometheus } from '../../src/config/prometheus.ts';
import { systemClock } from '../../src/health/clock.ts';
import { createMetrics, type Metrics, type MetricsDeps } from '../../src/health/prometheus.ts';
import { scriptedClock } from './scripted-clock.ts';
import { closedAddress, serve } from './servers.ts';

const VALUES = { environment: 'staging', component: 'storefront', version: '20261123.4f0c1d2e3a4b.9e107d9d' };

function metricsOf(prometheus: Prometheus, also: Partial<MetricsDeps> = {}): Metrics {
  const metrics = createMetrics({
    prometheus,
    values: VALUES,
    clock: systemClock,
    begun: systemClock.now(),
    resolveSecret: () => Promise.reject(new Error('there is no secret')),
    ...also,
  });
  onTestFinished(() => metrics.close());
  return metrics;
}

const oneQuery = (url: string, query = 'up'): Prometheus => ({ url, queries: [{ name: 'errors', query }] });

/** Asks one query of a stand-in that answers so. */
async function asked(listener: RequestListener, query = 'up', also: Partial<MetricsDeps> = {}) {
  const [sample] = await metricsOf(oneQuery(await serve(listener), query), also).ask();
  return sample;
}

const says =
  (body: unknown, status = 200): RequestListener =>
  (_, response) =>
    response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));

const success = (resultType: string, result: unknown, also = {}) => ({
  status: 'success',
  data: { resultType, result },
  ...also,
});
const vector = (...values: readonly string[]) =>
  success(
    'vector',
    values.map((value, n) => ({ metric: { instance: `${n}` }, value: [1_700_000_000.1, value] })),
  );

describe('a query', () => {
  test.each<[string, unknown, number]>([
    ['a scalar', success('scalar', [1_700_000_000, '0.25']), 0.25],
    ['a vector of one series', vector('12'), 12],
    ['a number with an exponent', vector('1.5e-7'), 1.5e-7],
    ['a negative number', vector('-3'), -3],
  ])('that is answered by %s has that value', async (_, body, value) => {
    expect(await asked(says(body))).toMatchObject({ name: 'errors', value, detail: `answered ${value}` });
  });

  test.each<[string, RequestListener, string]>([
    ['NaN', says(vector('NaN')), 'NaN, expected a number'],
    ['NaN as a scalar', says(success('scalar', [1, 'NaN'])), 'NaN, expected a number'],
    ['infinity', says(vector('+Inf')), '+Inf, expected a number'],
    ['minus infinity', says(vector('-Inf')), '-Inf, expected a number'],
    ['a number beyond all numbers', says(vector('1e999')), '1e999, expected a number'],
    ['an empty text', says(vector('')), ', expected a number'],
    ['nothing', says(vector()), 'no series'],
    ['several series', says(vector('1', '2')), '2 series, expected one: aggregate them'],
    ['a histogram', says(success('vector', [{ metric: {}, histogram: [1, {}] }])), 'a histogram, expected one number'],
    ['a matrix', says(success('matrix', [{ metric: {}, values: [] }])), 'a matrix, expected one number'],
    ['a string', says(success('string', [1, '12'])), 'a string, expected one number'],
    ['a scalar of another form', says(success('scalar', '12')), 'a scalar that cannot be read'],
    ['a vector of another form', says(success('vector', { a: 1 })), 'a vector that cannot be read'],
    [
      'an error under 200',
      says({ status: 'error', errorType: 'timeout', error: 'query timed out' }),
      'answered 200, timeout: query timed out',
    ],
    [
      'an error',
      says({ status: 'error', errorType: 'bad_data', error: `parse\n error${'!'.repeat(500)}` }, 400),
      `answered 400, bad_data: parse error${'!'.repeat(109)}`,
    ],
    ['an error page', says('<h1>Bad gateway</h1>', 502), 'answered 502'],
    ['a number under another status', says(vector('1'), 503), 'answered 503'],
    ['no JSON', says('<h1>Welcome</h1>'), 'answered 200, which is no answer of a Prometheus'],
    ['other JSON', says([1, 2]), 'answered 200, which is no answer of a Prometheus'],
    ['an empty body', says(''), 'answered 200, which is no answer of a Prometheus'],
    ['half an answer', says('{"status":"success","data":'), 'answered 200, which is no answer of a Prometheus'],
    ['more than a MiB', says(' '.repeat(2 ** 20 + 1)), 'the answer is too large'],
    [
      'a redirect, which is not followed',
      (_, response) => response.writeHead(302, { location: '/' }).end(),
      'answered 302',
    ],
  ])('that is answered by %s has no value, and says why', async (_, listener, detail) => {
    expect(await asked(listener)).toMatchObject({ name: 'errors', value: null, detail });
  });

  test('that is answered with a warning has its value, and says so', async () => {
    const body = { ...vector('1'), warnings: ['a store did not answer'] };
    expect(await asked(says(body))).toMatchObject({
      value: 1,
      detail: 'answered 1, with a warning: a store did not answer',
    });
  });

  test('that nobody answers has no value', async () => {
    const [sample] = await metricsOf(oneQuery(await closedAddress())).ask();
    expect(sample).toMatchObject({ value: null, detail: 'connection refused' });
  });

  test('whose answer breaks off has no value', async () => {
    const sample = await asked((_, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('{');
      setImmediate(() => response.destroy());
    });
    expect(sample?.value).toBeNull();
    expect(sample?.detail).toMatch(/^connection broke: /);
  });

  test('that takes too long has no value', async () => {
    expect(await asked(() => {}, 'up', { within: 80 })).toMatchObject({
      value: null,
      detail: expect.stringMatching(/^no whole answer within 80ms/),
    });
  });

  test('whose answer came too late because of us has no value, and says whose fault it was', async () => {
    const address = await serve(says(vector('1')));
    const asking = metricsOf(oneQuery(address), { within: 80 }).ask();
    // Its own turn first: the request has to be on its way before this process stands still.
    await new Promise(setImmediate);
    const until = performance.now() + 150;
    while (performance.now() < until);
    const [sample] = await asking;
    expect(sample).toMatchObject({ value: null, detail: 'no whole answer within 80ms (the delay was on our side)' });
  });
});

describe('another series', () => {
  const labelled = (metric: Record<string, string>) => says(success('vector', [{ metric, value: [1, '5'] }]));
  const query = 'errors{job="$component", env = \'$environment\', region="$component"} > 0';

  test('is told by a label that was asked for by a placeholder', async () => {
    expect(await asked(labelled({ job: 'catalog' }), query)).toMatchObject({
      value: null,
      detail: 'another series: job is "catalog", expected "storefront"',
    });
    expect(await asked(labelled({ job: 'storefront', env: 'production' }), query)).toMatchObject({
      value: null,
      detail: 'another series: env is "production", expected "staging"',
    });
  });

  test('is not seen in labels that are as asked, are gone, or were not asked for', async () => {
    expect(await asked(labelled({ job: 'storefront', env: 'staging', pod: 'catalog' }), query)).toMatchObject({
      value: 5,
    });
    expect(await asked(labelled({}), query)).toMatchObject({ value: 5 });
    expect(await asked(labelled({ job: 'catalog' }), 'errors{job=~"$component.*"}')).toMatchObject({ value: 5 });
  });
});

describe('asking', () => {
  /** Keeps what it was asked. */
  async function listening() {
    const requests: IncomingMessage[] = [];
    const address = await serve((request, response) => {
      requests.push(request);
      says(vector('1'))(request, response);
    });
    return { address, requests, query: (n = 0) => new URL(requests[n]?.url ?? '', address) };
  }

  test('puts the deployment’s own words in the place of the placeholders, and leaves PromQL’s dollars', async () => {
    const { address, query } = await listening();
    await metricsOf(oneQuery(`${address}/prometheus/`, 'a{c="$component",v="$version",e=~"^$environment$"} + b')).ask();
    expect(query().pathname).toBe('/prometheus/api/v1/query');
    expect(query().searchParams.get('query')).toBe(
      'a{c="storefront",v="20261123.4f0c1d2e3a4b.9e107d9d",e=~"^staging$"} + b',
    );
    expect(query().searchParams.get('timeout')).toBe('2000ms');
  });

  test('with a word that would end a string in the query is our error', () => {
    const values = { ...VALUES, component: 'a"} or up{b="' };
    expect(() => metricsOf(oneQuery('http://p', 'a{c="$component"}'), { values })).toThrow(
      'found "a\\"} or up{b=\\"" for $component of a query, expected a plain word',
    );
  });

  test('sends its token as a bearer, and looks it up each time', async () => {
    const { address, requests } = await listening();
    const tokens = ['first\n', 'second'];
    const metrics = metricsOf(
      { ...oneQuery(address), token: { env: 'TOKEN' } },
      { resolveSecret: async (reference) => ('env' in reference ? (tokens.shift() ?? '') : '') },
    );
    await metrics.ask();
    await metrics.ask();
    expect(requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer first', 'Bearer second']);
  });

  test.each<[string, () => Promise<string>]>([
    ['is not there', () => Promise.reject(new Error('no variable, not even s3cret'))],
    ['is empty', async () => ' \n'],
    ['cannot be sent', async () => 's3cret\nx-other: 1'],
  ])('without a token, because that %s, asks nobody and tells nothing of it', async (_, resolveSecret) => {
    const { address, requests } = await listening();
    const [sample] = await metricsOf({ ...oneQuery(address), token: { file: 'token' } }, { resolveSecret }).ask();
    expect(sample).toMatchObject({ value: null, detail: 'its token is not there: not asked' });
    expect(requests).toEqual([]);
  });

  test('asks all queries at once, and gives the samples in the order of the file', async () => {
    const waiting: (() => void)[] = [];
    const address = await serve((request, response) => {
      const value = new URL(request.url ?? '', 'http://p').searchParams.get('query') === 'a' ? '1' : '2';
      waiting.push(() => says(vector(value))(request, response));
      // Answers only once both have come, the last one first.
      if (waiting.length === 2) for (const answer of waiting.toReversed()) answer();
    });
    const queries = [
      { name: 'first', query: 'a' },
      { name: 'second', query: 'b' },
    ];
    expect(await metricsOf({ url: address, queries }).ask()).toMatchObject([
      { name: 'first', value: 1 },
      { name: 'second', value: 2 },
    ]);
  });

  test('says when it asked, counted from when the verification began', async () => {
    const { address } = await listening();
    const clock = scriptedClock();
    clock.advance(5_000);
    const metrics = metricsOf(oneQuery(address), { clock, begun: clock.now() });
    clock.advance(1_250);
    expect(await metrics.ask()).toEqual([
      { at: '2026-11-23T00:00:06.250Z', after: 1_250, name: 'errors', value: 1, detail: 'answered 1' },
    ]);
  });

  test('that is aborted throws the reason, and nothing else does', async () => {
    const abort = new AbortController();
    const address = await serve(() => abort.abort(new Error('stopped by a person')));
    const metrics = metricsOf(oneQuery(address), { signal: abort.signal });
    await expect(metrics.ask()).rejects.toThrow('stopped by a person');
    await expect(metrics.ask()).rejects.toThrow('stopped by a person');
  });
});
