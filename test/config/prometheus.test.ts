import { expect, test } from 'vitest';
import { parsePlatform } from '../../src/config/load.ts';

const platform = (prometheus: string): Buffer =>
  Buffer.from(`apiVersion: slipway/v1
sources:
  - { name: shop, url: ../shop.git }
environments:
  staging:
    prometheus: ${prometheus}
`);

const read = (prometheus: string) => parsePlatform(platform(prometheus)).environments['staging']?.prometheus;

/** What is said, from the place on. */
function refusal(prometheus: string): string {
  try {
    read(prometheus);
  } catch (error) {
    return String(error).replaceAll(/^.*environments\.staging\.prometheus\.?/gm, '');
  }
  throw new Error('it was accepted');
}

const withQuery = (keys: string): string => `{ url: http://p:9090, queries: [{ name: errors, ${keys} }] }`;
const withUrl = (url: string): string => `{ url: ${JSON.stringify(url)}, queries: [{ name: errors, query: up }] }`;
const withToken = (token: string): string =>
  `{ url: http://p:9090, token: ${token}, queries: [{ name: errors, query: up }] }`;

test('a query has an upper bound, a lower one, both, or none: then it is only recorded', () => {
  expect(read(withQuery('query: up'))).toEqual({ url: 'http://p:9090', queries: [{ name: 'errors', query: 'up' }] });
  expect(read(withQuery('query: up, max: 0.01'))?.queries).toEqual([{ name: 'errors', query: 'up', max: 0.01 }]);
  expect(read(withQuery('query: up, min: 1, max: 1'))?.queries[0]).toMatchObject({ min: 1, max: 1 });
});

test('PromQL’s own dollars are no placeholders', () => {
  const query = `label_replace(up{job=~"^$component-.*$"}, "a", "$1\${b}", "c", "(?P<b>.*)")`;
  expect(read(withQuery(`query: '${query}'`))?.queries[0]?.query).toBe(query);
});

test.each([
  ['http://p:9090', 'http://p:9090'],
  ['https://metrics.example/prometheus/', 'https://metrics.example/prometheus/'],
])('the address %s is taken', (url) => expect(read(withUrl(url))?.url).toBe(url));

const ADDRESS = 'expected an http or https address without credentials, query or fragment; correct it';
test.each([
  [
    'bounds that contradict each other',
    withQuery('query: up, max: 1, min: 2'),
    'queries.0.max: found 1, expected at least 2, for that is its min; correct one of the two: no number lies between them',
  ],
  [
    'a bound that is no number',
    withQuery('query: up, max: .nan'),
    'queries.0.max: found NaN, expected a number; correct it',
  ],
  [
    'an endless bound',
    withQuery('query: up, max: .inf'),
    'queries.0.max: found Infinity, expected a number; correct it',
  ],
  ['a bound in per cent', withQuery('query: up, max: 1%'), 'queries.0.max: found "1%", expected a number; correct it'],
  [
    'a placeholder that is none',
    withQuery(`query: 'up{job="$componnt"}'`),
    'queries.0.query: found "$componnt", expected a query whose placeholders are $environment, $component, $version; did you mean "$component"?',
  ],
  ['an empty query', withQuery('query: ""'), 'queries.0.query: found "", expected at least one character; correct it'],
  [
    'a query without end',
    withQuery(`query: ${'x'.repeat(2001)}`),
    `queries.0.query: found "${'x'.repeat(60)}…", expected at most 2000 characters; correct it`,
  ],
  [
    'no query',
    '{ url: http://p, queries: [] }',
    'queries: found an empty list, expected at least one entry; correct it',
  ],
  [
    'two queries of one name',
    '{ url: http://p, queries: [{ name: a, query: up }, { name: a, query: down }] }',
    'queries.1.name: found "a", expected each query under a name of its own; rename it',
  ],
  ['no address', '{ queries: [{ name: a, query: up }] }', 'url: found nothing, expected text; add it'],
  ['an address without a scheme', withUrl('p:9090'), `url: found "p:9090", ${ADDRESS}`],
  ['an address of another kind', withUrl('ftp://p'), `url: found "ftp://p", ${ADDRESS}`],
  ['credentials in the address, unseen', withUrl('http://ada:secret@p/'), `url: found "http://…@p/", ${ADDRESS}`],
  ['a query in the address, unseen', withUrl('http://p/?token=secret'), `url: found "http://p/?…", ${ADDRESS}`],
  [
    'a token that is written out, unseen',
    withToken('s3cret'),
    'token: found a secret written out, expected { env: VARIABLE } or { file: PATH }; take the secret out of this file, say where it is, and count it as known to others',
  ],
  [
    'a token in a variable that is none, unseen',
    withToken('{ env: "A B" }'),
    'token.env: found no such name, expected the name of a variable, such as SLIPWAY_PAGER_SECRET; write the name of the variable, not what it holds',
  ],
  [
    'a token that is twice somewhere',
    withToken('{ env: A, file: b }'),
    'token.file: found an unknown key, expected one of env; remove it (the nearest known key is "env")',
  ],
])('%s: refused', (_, prometheus, said) => expect(refusal(prometheus)).toBe(said));

test('a token is a reference to a variable or to a file', () => {
  expect(read(withToken('{ env: PROMETHEUS_TOKEN }'))?.token).toEqual({ env: 'PROMETHEUS_TOKEN' });
  expect(read(withToken('{ file: secrets/token }'))?.token).toEqual({ file: 'secrets/token' });
});
