import { describe, expect, test } from 'vitest';
import { changeSchema } from '../../src/config/change.ts';
import { manifestSchema } from '../../src/config/manifest.ts';
import { parsePlatform } from '../../src/config/load.ts';
import { readYaml } from '../../src/config/read.ts';
import { SlipwayError } from '../../src/contract/failure.ts';
import { MANIFEST } from './written.ts';

const PLATFORM = `apiVersion: slipway/v1
sources:
  - { name: shop, url: ../shop.git }
environments:
  staging: {}
`;

function refusal(read: () => unknown): SlipwayError {
  try {
    read();
  } catch (error) {
    if (error instanceof SlipwayError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

const platform = (text: string): string => refusal(() => parsePlatform(Buffer.from(text))).message;
const readManifest = (text: string): unknown =>
  readYaml(manifestSchema, Buffer.from(text), 'shop/slipway.yaml', 'MANIFEST_INVALID');
const manifest = (text: string): string => refusal(() => readManifest(text)).message;

test('a file that is right is read with its defaults filled in', () => {
  const read = parsePlatform(Buffer.from(PLATFORM));
  expect(read.environments['staging']).toEqual({
    runtime: 'local',
    soak: { for: 3000, samples: 5, ceiling: 60_000 },
    limits: {},
    rollbackWithin: 30_000,
    afterRollback: 'hold',
  });
  expect(read.sources[0]?.branches).toEqual(['main']);
  expect(read.store).toEqual({ path: '.slipway/store' });
});

test('each kind of file is refused under its own code', () => {
  const read = (code: 'FILE_INVALID' | 'MANIFEST_INVALID' | 'CHANGE_DOCUMENT_INVALID') => () =>
    readYaml(changeSchema, Buffer.from('id: 1'), 'f', code);
  expect(refusal(read('FILE_INVALID')).code).toBe('FILE_INVALID');
  expect(refusal(read('MANIFEST_INVALID')).code).toBe('MANIFEST_INVALID');
  expect(refusal(read('CHANGE_DOCUMENT_INVALID')).code).toBe('CHANGE_DOCUMENT_INVALID');
});

test('an unknown key is named with its line, its path and the nearest known key', () => {
  expect(platform(`${PLATFORM.replace('{}', '{ rollbackWithn: 3s }')}`)).toBe(
    'platform.yaml:5:14  environments.staging.rollbackWithn: found an unknown key, ' +
      'expected one of runtime, soak, limits, watch, rollbackWithin, afterRollback, build, secrets, prometheus; did you mean "rollbackWithin"?',
  );
});

test.each(['approvals', 'requires', 'freezes'])('the key %s of a later feature is refused, never ignored', (key) => {
  expect(platform(`${PLATFORM}${key}: []\n`)).toMatch(
    new RegExp(`platform.yaml:6:1  ${key}: found an unknown key, .* \\(the nearest known key is "\\w+"\\)$`),
  );
});

test('everything that is wrong is listed at once, in the order of the file', () => {
  const lines = platform(`apiVersion: slipway/v2
sources: []
store: { path: 5 }
environments:
  Staging: {}
  production:
    soak: { for: 3 s, samples: 0.5 }
    afterRollback: holdd
`).split('\n');
  expect(lines).toEqual([
    'platform.yaml:1:13  apiVersion: found "slipway/v2", expected "slipway/v1"; did you mean "slipway/v1"?',
    'platform.yaml:2:10  sources: found an empty list, expected at least one entry; correct it',
    'platform.yaml:3:16  store.path: found 5, expected text; put it in quotes',
    'platform.yaml:5:3  environments.Staging: found "Staging", expected a name: a lower-case letter, then letters, digits and dashes, at most 40 in all; rename the key',
    'platform.yaml:7:18  environments.production.soak.for: found "3 s", expected a duration such as 500ms, 3s, 10m, 6h or 2d; correct it',
    'platform.yaml:7:32  environments.production.soak.samples: found 0.5, expected a whole number; correct it',
    'platform.yaml:8:20  environments.production.afterRollback: found "holdd", expected one of hold, continue; did you mean "hold"?',
  ]);
});

test('a missing key is reported at what should hold it', () => {
  expect(manifest(MANIFEST.replace('command: [node, server.mjs]', ''))).toBe(
    'shop/slipway.yaml:5:6  run.command: found nothing, expected a list; add it',
  );
});

test('of several shapes, the one that the person most likely meant is explained', () => {
  expect(manifest(MANIFEST.replace('{ path: /healthz }', '{ pth: /healthz }'))).toBe(
    [
      'shop/slipway.yaml:6:9  health.path: found nothing, expected text; add it',
      'shop/slipway.yaml:6:11  health.pth: found an unknown key, expected one of path, interval, timeout, failures, successes; did you mean "path"?',
    ].join('\n'),
  );
  expect(manifest(MANIFEST.replace('path: / }', 'command: [node, smoke.mjs], timeot: 3s }'))).toBe(
    'shop/slipway.yaml:8:52  smoke.0.timeot: found an unknown key, expected one of name, command, timeout, at; did you mean "timeout"?',
  );
  expect(manifest(MANIFEST.replace('[node, server.mjs] }', '[node, server.mjs], env: { A: { adress: b } } }'))).toMatch(
    /run\.env\.A\.adress: found an unknown key, expected one of address; did you mean "address"\?/,
  );
});

test('an agent has no address, and everything else has one', () => {
  const agent = MANIFEST.replace('kind: storefront', 'kind: agent');
  expect(manifest(agent)).toMatch(/:6:17 {2}health\.path: found a path, expected heartbeat or command/);
  expect(manifest(agent)).toMatch(/:8:30 {2}smoke\.0\.path: found a path, expected a command/);
  expect(manifest(MANIFEST.replace('{ path: /healthz }', '{ heartbeat: 5s }'))).toMatch(
    /:6:9 {2}health: found no path, expected a path of the address, for a storefront listens on \$PORT/,
  );
});

test('a component without a smoke test at live is refused (§10)', () => {
  expect(manifest(MANIFEST.replace('path: / }', 'path: /, at: [verification] }'))).toMatch(
    /smoke: found no test at live/,
  );
});

test('a component cannot claim the variables that are the platform’s', () => {
  expect(manifest(MANIFEST.replace('server.mjs]', 'server.mjs], env: { PORT: "80" }'))).toMatch(/run\.env\.PORT/);
});

test('two sources of one name, one port for two targets, and a port of no environment are refused', () => {
  const twice = PLATFORM.replace('- {', '- { name: shop, url: x }\n  - {');
  expect(platform(twice)).toMatch(
    /:4:13 {2}sources\.1\.name: found "shop", expected each source under a name of its own/,
  );
  const ports = 'runtimes: { local: { ports: { staging/a: 80, staging/b: 80, live/a: 81 } } }\n';
  expect(platform(PLATFORM + ports)).toMatch(/staging\/b: found 80, expected a port that staging\/a does not have/);
  expect(platform(PLATFORM + ports)).toMatch(/live\/a: found 81, .*there is no environment live/);
});

test.each([
  ['a key written twice', 'a: 1\na: 2\n', /f:2:1 {2}found the key "a" again, expected each key once/],
  ['a tab', 'a:\n\tb: 1\n', /f:2:1 {2}found a tab, expected spaces/],
  ['a second document', 'a: 1\n---\nb: 2\n', /f:2:1 {2}found a second document/],
  ['a list at the top', '- a\n', /f:1:1 {2}found a list, expected a mapping/],
  ['an empty file', '', /f:1:1 {2}found an empty value, expected a mapping/],
  ['a tag', 'a: !!js/function x\n', /f:1:4 {2}found a tag/],
  ['a quote left open', 'a: "x\n', /f:2:1 {2}found a mistake in the YAML \(Missing closing "quote/],
  ['a key that is no text', 'NULL: x\n', /f:1:1 {2}found the key an empty value, expected keys that are plain text/],
  ['the key __proto__', 'a: { __proto__: {} }\n', /f:1:6 {2}found the key "__proto__"/],
  ['an alias of nothing', 'a: *b\n', /found aliases that cannot be followed/],
  ['bytes that are not UTF-8', Buffer.from([0x61, 0x3a, 0x20, 0xff]), /found bytes that are not UTF-8/],
  ['a huge file', `a: ${'x'.repeat(256 * 1024)}`, /found 262147 bytes, expected at most 262144/],
  ['lists nested for ever', `a: ${'['.repeat(100_000)}`, /found values nested too deeply/],
  ['block lists nested for ever', `${'- '.repeat(100_000)}x`, /found values nested too deeply/],
])('%s is refused with its place', (_, content, message) => {
  expect(refusal(() => readYaml(changeSchema, Buffer.from(content), 'f', 'FILE_INVALID')).message).toMatch(message);
});

test('aliases that multiply are refused before they fill the memory', () => {
  const rows = Array.from(
    { length: 12 },
    (_, n) =>
      `a${n}: &a${n} [${Array<string>(9)
        .fill(n === 0 ? 'x' : `*a${n - 1}`)
        .join()}]`,
  );
  expect(platform(rows.join('\n'))).toMatch(/found aliases that cannot be followed \(Excessive alias count/);
});

test('what is wrong with an aliased value is shown where it is written', () => {
  const text = PLATFORM.replace('{}', '&same { rollbackWithin: 1 }\n  live: *same');
  expect(platform(text)).toMatch(
    /:5:36 {2}environments\.staging\.rollbackWithin: found 1, expected a duration such as .*; correct it/,
  );
  expect(platform(text)).toMatch(/:5:36 {2}environments\.live\.rollbackWithin/);
});

test('a message stays short however much is wrong', () => {
  const text = PLATFORM + Array.from({ length: 500 }, (_, n) => `${'k'.repeat(300)}${n}: 1`).join('\n');
  const message = platform(text);
  expect(message).toMatch(/platform\.yaml: and 480 more$/);
  expect(message.length).toBeLessThan(6000);
});

describe('an environment', () => {
  const environment = (text: string) => PLATFORM.replace('staging: {}', `staging: ${text}`);
  const read = (text: string) => parsePlatform(Buffer.from(environment(text))).environments['staging'];
  const refused = (text: string) => platform(environment(text));
  const at = 'platform.yaml:5:';

  test('declares what its releases are held to', () => {
    const text = '{ soak: { for: 10m, samples: 400, ceiling: 1h }, limits: { errorRate: 1%, p95: 300ms }, watch: 30m }';
    expect(read(text)).toMatchObject({
      soak: { for: 600_000, samples: 400, ceiling: 3_600_000 },
      limits: { errorRate: 0.01, p95: 300 },
      watch: 1_800_000,
    });
  });

  test('gives a soak ten times its time, and at least a minute', () => {
    expect(read('{ soak: { for: 10m, samples: 5 } }')?.soak.ceiling).toBe(6_000_000);
    expect(read('{ soak: { for: 1s, samples: 5 } }')?.soak.ceiling).toBe(60_000);
  });

  test.each([
    ['0s', 'found "0s", expected a duration such as 500ms, 3s, 10m, 6h or 2d; correct it'],
    ['-1s', 'found "-1s", expected a duration such as 500ms, 3s, 10m, 6h or 2d; correct it'],
  ])('does not soak for %s', (time, said) => {
    expect(refused(`{ soak: { for: ${time}, samples: 5 } }`)).toBe(`${at}27  environments.staging.soak.for: ${said}`);
  });

  test('does not soak for no samples', () => {
    expect(refused('{ soak: { for: 1s, samples: 0 } }')).toBe(
      `${at}40  environments.staging.soak.samples: found 0, expected at least 1; correct it`,
    );
  });

  test('does not end a soak before it may pass', () => {
    expect(refused('{ soak: { for: 2m, samples: 5, ceiling: 1m } }')).toBe(
      `${at}52  environments.staging.soak.ceiling: found 1m, expected at least as long as the soak itself, 2m; raise it, or shorten \`for\``,
    );
  });

  test.each(['101%', '0%', '0.00%', '-1%', '1', '1 %', '1e1%', '%', '0.00001%'])(
    'has no limit of %s on errors',
    (rate) => {
      expect(refused(`{ limits: { errorRate: '${rate}' } }`)).toBe(
        `${at}35  environments.staging.limits.errorRate: found "${rate}", expected a percentage such as 1% or 0.5%, above 0% and at most 100%; correct it`,
      );
    },
  );

  test.each([
    ['p50: 400ms, p95: 300ms', 'p50: found 400ms, expected at most the p95, 300ms; lower it, or raise the p95'],
    ['p95: 2s, p99: 1s', 'p95: found 2s, expected at most the p99, 1s; lower it, or raise the p99'],
    ['p50: 2s, p99: 1s', 'p50: found 2s, expected at most the p99, 1s; lower it, or raise the p99'],
  ])('has no limits that contradict each other (%s)', (limits, said) => {
    expect(refused(`{ soak: { for: 1s, samples: 400 }, limits: { ${limits} } }`)).toContain(
      `environments.staging.limits.${said}`,
    );
  });

  test.each([
    ['errorRate: 2%', 156, 'an errorRate of 2%'],
    ['errorRate: 1%', 313, 'an errorRate of 1%'],
    ['p50: 1s', 5, 'p50'],
    ['p95: 1s', 59, 'p95'],
    ['p99: 1s', 299, 'p99'],
    ['p95: 1s, errorRate: 2%', 156, 'an errorRate of 2%'],
  ])('promises with %s no more than its samples can show', (limits, needed, limit) => {
    const soak = (samples: number) => `{ soak: { for: 1s, samples: ${samples} }, limits: { ${limits} } }`;
    expect(read(soak(needed))?.soak.samples).toBe(needed);
    expect(refused(soak(needed - 1))).toBe(
      `${at}40  environments.staging.soak.samples: found ${needed - 1}, expected at least ${needed}, ` +
        `for fewer cannot show that a limit on ${limit} is kept; raise it, or loosen the limit`,
    );
  });

  test('whose soak is not written out is held to the samples of the default one', () => {
    expect(refused('{ limits: { p95: 1s } }')).toBe(
      `${at}12  environments.staging.soak.samples: found 5, expected at least 59, for fewer cannot show that a limit on p95 is kept; raise it, or loosen the limit`,
    );
  });
});

test('what builds take from outside, and in what they have to be made, is read as it is written', () => {
  const read = parsePlatform(
    Buffer.from(
      `${PLATFORM.replace('{}', '{ build: { require: { sandbox: bwrap } } }')}build: { npm: { registry: https://packages.example/npm/ } }\n`,
    ),
  );
  expect(read.environments['staging']?.build).toEqual({ require: { sandbox: 'bwrap' } });
  expect(read.build.npm).toEqual({ registry: 'https://packages.example/npm/' });
  expect(parsePlatform(Buffer.from(PLATFORM)).build.npm.registry).toBe('https://registry.npmjs.org/');
  expect(readManifest(MANIFEST.replace('output: dist', 'output: dist, dependencies: npm'))).toMatchObject({
    build: { dependencies: 'npm' },
  });
});

test.each([
  [
    '{ build: { require: { sandbox: none } } }',
    'platform.yaml:5:43  environments.staging.build.require.sandbox: found "none", expected one of bwrap, unshare',
  ],
  ['{ build: { require: {} } }', 'environments.staging.build.require.sandbox: found nothing'],
  [
    '{ build: { sandbox: bwrap } }',
    'environments.staging.build.sandbox: found an unknown key, expected one of require;',
  ],
])('an environment cannot ask for %s', (asked, said) => {
  expect(platform(PLATFORM.replace('{}', asked))).toContain(said);
});

test('a registry with a password in it is refused, and the password is not repeated', () => {
  const said = platform(`${PLATFORM}build: { npm: { registry: 'https://me:pw-4711@packages.example/' } }\n`);
  expect(said).toMatch(
    /build\.npm\.registry: found .*packages\.example.*expected an http or https address without credentials/,
  );
  expect(said).not.toContain('pw-4711');
});

test('a package manager that Slipway does not know is refused', () => {
  expect(manifest(MANIFEST.replace('output: dist', 'output: dist, dependencies: yarn'))).toContain(
    'build.dependencies: found "yarn", expected "npm"',
  );
});
