import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parsePlatform } from '../../src/config/load.ts';
import { keyidOf, writtenKey } from '../../src/config/public-key.ts';
import { policyOf } from '../../src/signing/policy.ts';

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const KEY = writtenKey(publicKey);
const SECRET = privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64');
const OTHER = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;

const platform = (...lines: readonly string[]) =>
  `apiVersion: slipway/v1\nsources: [{ name: shop, url: ./shop }]\nenvironments: { staging: {} }\n${lines.join('\n')}\n`;
const entry = (more: string, key = KEY, from = '2026-11-25T13:00:00Z') =>
  `    - { name: one, key: ${key}, from: ${from}, ${more} }`;
const trust = (...entries: readonly string[]) => platform('trust:', '  keys:', ...entries);

function said(text: string): string {
  try {
    parsePlatform(Buffer.from(text));
    return 'nothing';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('trust', () => {
  it('gives each key its id, and its times in one form, in which they compare as text', () => {
    const text = trust(entry('role: deployer, environments: [staging], until: 2026-11-26T13:00:00.5Z, by: ada'));
    expect(policyOf(parsePlatform(Buffer.from(text)).trust!).keys).toEqual([
      {
        name: 'one',
        role: 'deployer',
        environments: ['staging'],
        key: KEY,
        keyid: keyidOf(publicKey),
        from: '2026-11-25T13:00:00.000Z',
        until: '2026-11-26T13:00:00.500Z',
      },
    ]);
  });

  it.each([
    ['a deployer of no environment', entry('role: deployer'), 'the environments of this deployer; name them'],
    [
      'an environment that nobody declared',
      entry('role: builder, environments: [nowhere]'),
      'an environment of this file',
    ],
    ['another role', entry('role: baker'), 'expected one of orchestrator, builder, deployer'],
    ['an end before the beginning', entry('role: builder, until: 2026-11-25T12:59:59.999Z'), 'not before `from`'],
    ['a revocation before it', entry('role: builder, revoked: 2026-11-24T00:00:00Z'), 'not before `from`'],
    ['a local time', entry('role: builder', KEY, '2026-11-25T13:00:00+01:00'), 'a time in UTC'],
    ['a date', entry('role: builder', KEY, '2026-11-25'), 'a time in UTC'],
    [
      'a key of another kind',
      entry('role: builder', writtenKey(OTHER)),
      'found text that is none, expected a public Ed25519',
    ],
    ['a key with blanks', entry('role: builder', `" ${KEY}"`), 'expected a public Ed25519'],
  ])('is refused for %s', (_, written, message) => {
    expect(said(trust(written))).toContain(message);
  });

  it('is refused for a name or a key that stands there twice', () => {
    const message = said(trust(entry('role: builder'), entry('role: orchestrator')));
    expect(message).toContain('trust.keys.1.name: found "one" again, expected each key under a name of its own');
    expect(message).toContain('trust.keys.1.key: found the key of one, expected each key once');
  });

  it('never shows a private key that was pasted by mistake', () => {
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    for (const pasted of [SECRET, JSON.stringify(pem)]) {
      const message = said(trust(entry('role: builder', pasted)));
      expect(message).toContain('trust.keys.0.key: found a private key');
      expect(message).not.toContain(SECRET.slice(-20));
    }
    const inSigning = said(platform(`signing: { builder: "${SECRET}" }`));
    expect(inSigning).toContain('{ env: VARIABLE } or { file: PATH }');
    expect(inSigning).not.toContain(SECRET.slice(-20));
  });

  it('keeps the key of an environment that is gone, once that has ended', () => {
    const gone = 'role: deployer, environments: [canary]';
    expect(said(trust(entry(gone)))).toContain('end the key with `until`');
    expect(said(trust(entry(`${gone}, until: 2026-12-01T00:00:00Z`)))).toBe('nothing');
  });

  it('has no private key of an environment that nobody declared', () => {
    expect(said(platform('signing: { deployers: { canary: { env: KEY } } }'))).toContain(
      'there is no environment canary',
    );
  });
});
