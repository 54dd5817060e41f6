import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { lint } from '../../src/secret-scan/lint.ts';

/** Written so that this file itself holds nothing that looks like a secret. */
const join = (...parts: readonly string[]): string => parts.join('');
const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const token = (payload: object, header: object = { alg: 'HS256' }): string =>
  [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.') +
  join('.', 'SflKxwRJSMeKKF2QT4fw', 'pMeJf36POk6yJV_adQssw5c');

const rulesIn = async (text: string, ext = '.js') =>
  (await lint(text, { path: `/artifact/file${ext}`, ext })).map(({ line, rule }) => `${line} ${rule}`);

describe('a secret is found, by its line and rule', () => {
  test.each<[what: string, text: string, found: string, ext?: string]>([
    ['a private key', `// key\n${pem}`, '2 private-key'],
    ['one that is written in one line', `const key = ${JSON.stringify(pem)};`, '1 private-key'],
    [
      'the key of a service account',
      JSON.stringify({ type: 'service_account', private_key_id: 'a1b2c3d4e5'.repeat(4), private_key: pem }, null, 1),
      '1 gcp',
      '.json',
    ],
    ['or a part of that', `{\n"private_key_id": "${'a1b2c3d4e5'.repeat(4)}" }`, '2 gcp-service-account'],
    ['the id of an AWS key', join('id = "AKIA', 'Q7ZDN2PLWX3MRT5V";'), '1 aws-access-key-id'],
    ['an AWS key', join('aws_secret_access_key=wJalrXUtnFEMI', '/K7MDENG/bPxRfiCYzQ8mT2vLpa'), '1 aws', '.ini'],
    ['a JWT', `const t = '${token({ sub: 'shop', iat: 1_700_000_000 })}';`, '1 jwt'],
    ['a token of GitHub', join('// ghp_', 'wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx'), '1 github'],
    ['one of npm', join('//registry.npmjs.org/:_authToken=npm_', 'aBcDkFgHiJkLmNoPqRsTuVwXyZ0192837465'), '1 npm'],
    ['a key of Stripe', join('charge("sk_live_', '4eC39HqLyjWDarjtT1zdp7dc")'), '1 stripe-key'],
    ['a key of webhooks', join('"whsec_', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwq7Xz"'), '1 webhook-key'],
    [
      'an address with a password',
      join('postgres://shop:', 'Tq7vXz0pLm2w@db.internal/shop'),
      '1 database-connection-string',
    ],
    ['one of another kind', join('rediss://:', 'Tq7vXz0pLm2w@cache.internal:6379'), '1 address-with-password'],
    ['one of the web', join('https://deploy:', 'Tq7vXz0pLm2w@git.internal.net/x'), '1 basicauth'],
    ['a password in code', join('const password = "', 'hunter2!Xy78zQ";'), '1 assignment'],
    ['in JSON', join('{ "api_key": "', '9f86d081884c7d659a2feaa0c55ad015" }'), '1 assignment'],
    ['in a record', join('{clientSecret:`', 'Zx81-Qm4p-77Lk-vV0r`}'), '1 assignment'],
    ['in a file of variables', join('A=1\nexport SECRET_KEY_BASE=', '5b1e8c0d9f7a4e63b2c1'), '2 setting', '.env'],
    ['in YAML', join('db:\n  password: ', 'q8Zt5-Lw2x_Nc9vB  # rotate'), '2 setting', '.yaml'],
  ])('%s', async (_, text, found, ext) => {
    expect(await rulesIn(text, ext)).toContain(found);
  });

  test('once, though two rules say so; and beside another in the same line', async () => {
    const text = join('const token = "ghp_', 'wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx";');
    expect(await rulesIn(text)).toEqual(['1 github']);
    const more = join(text, 'const password = "', 'hunter2!Xy78zQ";');
    expect(await rulesIn(more)).toEqual(['1 github', '1 assignment']);
  });

  test('though a comment asks to pass it over', async () => {
    const text = join(
      '// secretlint-disable\nconst t = "ghp_',
      'wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx"; // secretlint-disable-line',
    );
    expect(await rulesIn(text)).toEqual(['2 github']);
  });
});

describe('what only looks like one is none', () => {
  test.each<[what: string, text: string, ext?: string]>([
    ['a value to be changed', 'password = "changeme-please-1"'],
    ['one that is filled in later', 'const password = "${DB_PASSWORD_2}"; token: "{{ vault.token1 }}"'],
    [
      'in files of variables too',
      'PASSWORD=${DB_PASSWORD_1}\nAPI_KEY=<your-api-key-1>\nTOKEN=$TOKEN_OF_STAGING_1',
      '.env',
    ],
    [
      'a variable that is read',
      'const secret = process.env.SECRET_KEY_1;\nconst t = { token: process.env["TOKEN_2"] };',
    ],
    ['words', 'const errors = { password: "password-is-too-short", token: "invalid_token_format_2" };'],
    ['a name', 'headers[apiKey] = "x-goog-api-key-v2"; const secretName = "storefront/database-url";'],
    ['an algorithm', 'token: "aws4-hmac-sha256-request", secret: "sha256WithRSAEncryption"'],
    ['a translation', '{ "password": "Passwort vergessen? 123 bitte warten" }', '.json'],
    ['our own placeholder', 'DATABASE_PASSWORD=slipway-secret-placeholder:storefront/database-url', '.env'],
    ['an example of AWS', 'AKIAIOSFODNN7EXAMPLE and aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'],
    ['John Doe’s token', `"${token({ sub: '1234567890', name: 'John Doe', iat: 1_516_239_022 })}"`],
    ['an address of nobody', 'postgres://user:S3cretPass9@db.example.com/x https://ada:S3cretPass9@example.com/'],
    ['one of a development database', 'mysql://root:root@localhost/dev postgres://postgres:postgres@127.0.0.1/x'],
    ['what tells of a key and shows none', 'throw new Error("expected -----BEGIN PRIVATE KEY----- at the start")'],
    [
      'a public key',
      '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----',
    ],
    [
      'the hash of a file',
      '"integrity": "sha512-Zx81Qm4p77LkvV0rZx81Qm4p77LkvV0r==", "etag": "9f86d081884c7d659a2feaa0c55ad015"',
      '.json',
    ],
    ['minified code', 'function(e,t){return e.password=t.value,e.token=n(123456789012),t.secret=o.createHmac}'],
  ])('%s', async (_, text, ext) => {
    expect(await rulesIn(text, ext)).toEqual([]);
  });
});

test('a megabyte of minified code takes no longer than a megabyte of text', async () => {
  const code = 'e.token=t(e),password:function(e,t){return"secret"+e.apiKey};'.repeat(17_000);
  const begun = performance.now();
  expect(await rulesIn(code)).toEqual([]);
  expect(performance.now() - begun).toBeLessThan(3_000);
});
