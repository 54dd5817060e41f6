import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../../src/artifacts/canonical.ts';
import { type Manifest, manifestSchema, sealedManifest } from '../../src/config/manifest.ts';
import { readYaml } from '../../src/config/read.ts';
import { MANIFEST } from './written.ts';

const read = (text: string): Manifest =>
  readYaml(manifestSchema, Buffer.from(text), 'slipway.yaml', 'MANIFEST_INVALID');

/** What is said of a manifest that is refused. */
function refusal(text: string): string {
  try {
    read(text);
  } catch (error) {
    return String(error).replace('SlipwayError: ', '');
  }
  throw new Error('it was accepted');
}

const withTop = (keys: string): string => `${MANIFEST}${keys}\n`;
const withHealth = (keys: string): string => MANIFEST.replace('/healthz }', `/healthz, ${keys} }`);
const withSmoke = (keys: string): string => MANIFEST.replace('path: / }', `path: /, ${keys} }`);
const withJson = (path: string): string => withSmoke(`json: [{ path: ${JSON.stringify(path)}, equals: 1 }]`);

describe('what is sealed with an image', () => {
  test('is the same bytes as ever for a component that uses none of the newer keys', () => {
    expect(canonicalJson(sealedManifest(read(MANIFEST)))).toBe(
      '{"component":"storefront","health":{"failures":3,"interval":1000,"path":"/healthz","timeout":1000},' +
        '"kind":"storefront","run":{"command":["node","server.mjs"],"env":{},"startWithin":30000},' +
        '"smoke":[{"at":["verification","live"],"name":"home page","path":"/","status":200,"timeout":5000}]}',
    );
  });

  test('holds owner, runbook and data where they are given', () => {
    const text = withTop('owner: team storefront\nrunbook: docs/runbook.md\ndata: { reads: [3, 4], writes: 4 }');
    expect(sealedManifest(read(text))).toMatchObject({
      owner: 'team storefront',
      runbook: 'docs/runbook.md',
      data: { reads: [3, 4], writes: 4 },
    });
  });
});

describe('health', () => {
  test('may ask for several good looks in a row, and an agent’s command too', () => {
    expect(read(withHealth('successes: 2')).health).toMatchObject({ successes: 2 });
    const agent = MANIFEST.replace('{ path: /healthz }', '{ command: [node, check.mjs], successes: 3 }')
      .replace('kind: storefront', 'kind: agent')
      .replace('path: /', 'command: [node, smoke.mjs]');
    expect(read(agent).health).toMatchObject({ successes: 3 });
    expect(refusal(agent.replace('command: [node, check.mjs]', 'heartbeat: 5s'))).toBe(
      'slipway.yaml:6:26  health.successes: found an unknown key, expected one of heartbeat, failures; remove it (the nearest known key is "failures")',
    );
  });

  test('cannot ask for none', () => {
    expect(refusal(withHealth('successes: 0'))).toBe(
      'slipway.yaml:6:38  health.successes: found 0, expected at least 1; correct it',
    );
  });
});

describe('owner and runbook', () => {
  test.each(['docs/runbook.md', 'https://wiki.example/storefront#night', 'http://wiki/x', './RUNBOOK.md'])(
    'the runbook %s is taken',
    (runbook) => expect(read(withTop(`runbook: ${runbook}`)).runbook).toBe(runbook),
  );

  const LINE = 'expected one line of text; correct it';
  const PLACE = 'expected an http or https address without credentials, or a path; correct it';
  test.each([
    ['owner: ""', `9:1  owner: found "", ${LINE}`],
    ['owner: " "', `9:8  owner: found " ", ${LINE}`],
    ['owner: "a\\nb"', `9:8  owner: found "a\\nb", ${LINE}`],
    ['owner: 5', '9:8  owner: found 5, expected text; put it in quotes'],
    [
      `owner: ${'x'.repeat(201)}`,
      `9:8  owner: found "${'x'.repeat(60)}…", expected at most 200 characters; correct it`,
    ],
    ['runbook: javascript:alert(1)', `9:10  runbook: found "javascript:alert(1)", ${PLACE}`],
    ['runbook: ftp://wiki/x', `9:10  runbook: found "ftp://wiki/x", ${PLACE}`],
    ['runbook: http://', `9:10  runbook: found "http://", ${PLACE}`],
    ['runbook: https://ada:secret@wiki/x', `9:10  runbook: found "https://…@wiki/x", ${PLACE}`],
  ])('%s is refused', (keys, said) => expect(refusal(withTop(keys))).toBe(`slipway.yaml:${said}`));
});

describe('data (§13)', () => {
  test.each([
    [
      'that a release writes and cannot read contradict themselves',
      '{ reads: [3], writes: 4 }',
      '9:29  data.writes: found 4, expected one of the versions that it reads, for a release reads what it has written; add 4 to `reads`, or correct it',
    ],
    [
      'are each named once',
      '{ reads: [4, 4], writes: 4 }',
      '9:20  data.reads.1: found 4, expected each version once; remove one of the two',
    ],
    [
      'are not negative',
      '{ reads: [-1, 4], writes: 4 }',
      '9:17  data.reads.0: found -1, expected at least 0; correct it',
    ],
    [
      'are whole',
      '{ reads: [4.5, 4], writes: 4 }',
      '9:17  data.reads.0: found 4.5, expected a whole number; correct it',
    ],
    ['are a list', '{ reads: 4, writes: 4 }', '9:16  data.reads: found 4, expected a list; correct it'],
    ['say what is written', '{ reads: [4] }', '9:7  data.writes: found nothing, expected a number; add it'],
    [
      'are read at all',
      '{ reads: [], writes: 4 }',
      [
        '9:16  data.reads: found an empty list, expected at least one entry; correct it',
        'slipway.yaml:9:28  data.writes: found 4, expected one of the versions that it reads, for a release reads what it has written; add 4 to `reads`, or correct it',
      ].join('\n'),
    ],
  ])('%s', (_, data, said) => expect(refusal(withTop(`data: ${data}`))).toBe(`slipway.yaml:${said}`));
});

describe('a smoke test’s JSON path', () => {
  test.each(['$', '$.items[0].price', "$['a b'][-1]", '$.é'])('%s leads to one place, and is taken', (path) => {
    expect(read(withJson(path)).smoke[0]).toMatchObject({ json: [{ path, equals: 1 }] });
  });

  const NONE = 'expected a JSON path as in RFC 9535, such as $.items[0].price; correct it';
  const MANY =
    'expected a path that leads to one place, such as $.items[0].price; ' +
    'name the place with names and indexes only: no *, .., slices, filters or lists';
  test.each([
    ['items[0].price', `${NONE} (expected '$', found 'i', at character 1)`],
    ['$.items[', `${NONE} (unclosed bracketed selection, at its end)`],
    ['$.items.', `${NONE} (it breaks off at its end)`],
    ['$.a b', `${NONE} (expected '.', '..' or a bracketed selection, found 'b', at character 5)`],
    ['$[99999999999999999999]', `${NONE} (index out of range, at character 3)`],
    // A pattern of the component's own against its own answer: 31 characters of it took 47 s.
    ["$[?match(@.a, '(a+)+')]", `${NONE} (no such function 'match', at character 4)`],
    ["$[?search(@.a, '(a+)+')]", `${NONE} (no such function 'search', at character 4)`],
    ['$..price', MANY],
    ['$.items[*]', MANY],
    ['$.items[0:1]', MANY],
    ['$.items[?@.a == 1]', MANY],
    ["$['a','b']", MANY],
  ])('%s is refused', (path, said) => {
    const found = JSON.stringify(path);
    expect(refusal(withJson(path))).toBe(`slipway.yaml:8:48  smoke.0.json.0.path: found ${found}, ${said}`);
  });

  test('that is long is refused', () => {
    expect(refusal(withJson(`$.${'a'.repeat(300)}`))).toMatch(
      /json\.0\.path: found .*, expected at most 200 characters/,
    );
  });

  test('is compared with one value, or has to be there', () => {
    const json = '[{ path: $.a, equals: null }, { path: $.b, exists: true }, { path: $.c, equals: "1" }]';
    expect(read(withSmoke(`json: ${json}`)).smoke[0]).toMatchObject({
      json: [
        { path: '$.a', equals: null },
        { path: '$.b', exists: true },
        { path: '$.c', equals: '1' },
      ],
    });
  });

  test.each([
    [
      '[{ path: $.a }]',
      '8:40  smoke.0.json.0.equals: found nothing, expected text, a number, true, false or null; add it',
    ],
    [
      '[{ path: $.a, equals: [1] }]',
      '8:61  smoke.0.json.0.equals: found a list, expected text, a number, true, false or null; correct it',
    ],
    [
      '[{ path: $.a, equals: .nan }]',
      '8:61  smoke.0.json.0.equals: found NaN, expected text, a number, true, false or null; correct it',
    ],
    ['[{ path: $.a, exists: false }]', '8:61  smoke.0.json.0.exists: found false, expected "true"; correct it'],
    [
      '[{ path: $.a, equals: 1, exists: true }]',
      '8:64  smoke.0.json.0.exists: found an unknown key, expected one of path, equals; remove it (the nearest known key is "equals")',
    ],
    ['[]', '8:39  smoke.0.json: found an empty list, expected at least one entry; correct it'],
  ])('%s is refused', (json, said) => expect(refusal(withSmoke(`json: ${json}`))).toBe(`slipway.yaml:${said}`));
});

describe('a smoke test’s headers', () => {
  test.each([
    ['{ content-length: 5 }', '8:60  smoke.0.headers.content-length: found 5, expected text; put it in quotes'],
    [
      '{ "content type": a }',
      '8:44  smoke.0.headers."content type": found "content type", expected a header such as content-type; rename the key',
    ],
    [
      '{ Age: x, age: y }',
      '8:57  smoke.0.headers.age: found "age" again, expected each header once, for case makes no difference; remove one of the two',
    ],
    ['{ a: "" }', '8:44  smoke.0.headers.a: found "", expected one line of text, whole or ending in *; correct it'],
    [
      '{ a: "x\\ny" }',
      '8:47  smoke.0.headers.a: found "x\\ny", expected one line of text, whole or ending in *; correct it',
    ],
  ])('%s are refused', (headers, said) => {
    expect(refusal(withSmoke(`headers: ${headers}`))).toBe(`slipway.yaml:${said}`);
  });
});

describe('a secret in run.env', () => {
  const withSecret = (secret: string): string =>
    MANIFEST.replace('server.mjs] }', `server.mjs], env: { DATABASE_URL: { secret: ${secret} } } }`);

  test('is asked for by name, and sealed as that', () => {
    const sealed = sealedManifest(read(withSecret('storefront/database-url')));
    expect(sealed.run.env).toEqual({ DATABASE_URL: { secret: 'storefront/database-url' } });
  });

  test.each([
    'database-url',
    'storefront/database/url',
    '../staging/key',
    'storefront/..',
    '/etc/passwd',
    'storefront/Key',
    'storefront/key_of_it',
    '"storefront/key\\n"',
    'postgres://shop:correct-horse@db/shop',
  ])('is not asked for as %s, which is not shown', (secret) => {
    const said = refusal(withSecret(secret));
    expect(said).toContain(
      'run.env.DATABASE_URL.secret: found another text, expected a name such as storefront/database-url: two words of ' +
        'lower-case letters, digits and dashes; write its name, not what it holds',
    );
    expect(said).not.toContain('correct-horse');
  });

  test('is a name, and nothing beside it', () => {
    expect(refusal(withSecret('a/b, optional: true'))).toContain('run.env.DATABASE_URL.optional: found an unknown key');
  });
});
