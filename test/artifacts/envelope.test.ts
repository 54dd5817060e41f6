import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeEnvelope, encodeEnvelope, STATEMENT_TYPE, type Statement } from '../../src/contract/envelope.ts';
import { codeOf } from '../../src/contract/failure.ts';
import { statement } from './parts.ts';

const GOOD = statement({ stage: 'build', text: 'ü?>~?', nested: { b: 1, a: [null, 1.5] } });
const envelope = (): Record<string, unknown> => JSON.parse(Buffer.from(encodeEnvelope(GOOD)).toString());
const bytesOf = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const around = (payload: string): Buffer =>
  bytesOf({ ...envelope(), payload: Buffer.from(payload).toString('base64') });

describe('an envelope', () => {
  it('is DSSE around an in-toto statement, unsigned, keys as the statement has them', () => {
    expect(envelope()).toEqual({
      payloadType: 'application/vnd.in-toto+json',
      payload: Buffer.from(JSON.stringify(GOOD)).toString('base64'),
      signatures: [],
    });
  });

  it('gives back what was put into it, and the same bytes each time', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (predicate) => {
        // What JSON cannot tell apart (-0 and 0) is compared as JSON.
        const said = JSON.parse(JSON.stringify(statement(predicate))) as Statement;
        const bytes = encodeEnvelope(said);
        expect(decodeEnvelope(bytes).statement).toEqual(said);
        expect(encodeEnvelope(decodeEnvelope(bytes).statement)).toEqual(bytes);
      }),
    );
  });

  it('with any one bit flipped is refused, or says something else', () => {
    const bytes = Buffer.from(encodeEnvelope(GOOD));
    const readAs = (flipped: Buffer): unknown => {
      try {
        return decodeEnvelope(flipped).statement;
      } catch (error) {
        return codeOf(error);
      }
    };
    const trusted = Array.from({ length: bytes.length * 8 }, (_, bit) => {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      return readAs(flipped);
    }).filter((read) => read !== 'ARTIFACT_CORRUPT');
    expect(trusted).not.toContain('INTERNAL');
    expect(trusted).not.toContainEqual(GOOD);
  });

  const text = Buffer.from(encodeEnvelope(GOOD)).toString();
  const { payload } = envelope() as { payload: string };
  it('of these tests has base64 that other alphabets and paddings would write otherwise', () => {
    expect(payload).toMatch(/[+/].*=$/);
  });

  it.each<[string, Buffer]>([
    ['nothing', Buffer.alloc(0)],
    ['no JSON', Buffer.from('{')],
    ['null', Buffer.from('null')],
    ['a list', Buffer.from('[]')],
    ['a space at its end', Buffer.from(`${text} `)],
    ['a line end', Buffer.from(`${text}\n`)],
    ['a space inside', Buffer.from(text.replace(':', ': '))],
    ['a byte order mark', Buffer.from(`\uFEFF${text}`)],
    ['keys in another order', bytesOf(Object.fromEntries(Object.entries(envelope()).reverse()))],
    ['a key twice', Buffer.from(text.replace('{', '{"payloadType":"text/plain",'))],
    ['a key too many', bytesOf({ ...envelope(), more: 1 })],
    ['an escaped letter', Buffer.from(text.replace('payloadType', '\\u0070ayloadType'))],
    ['another payload type', bytesOf({ ...envelope(), payloadType: 'text/plain' })],
    ['no payload', bytesOf({ ...envelope(), payload: undefined })],
    ['a payload that is a list', bytesOf({ ...envelope(), payload: [payload] })],
    [
      'base64 of the url-safe kind',
      bytesOf({ ...envelope(), payload: Buffer.from(payload, 'base64').toString('base64url') }),
    ],
    ['base64 without its padding', bytesOf({ ...envelope(), payload: payload.replace(/=+$/, '') })],
    ['base64 with padding it does not need', bytesOf({ ...envelope(), payload: `${payload}==` })],
    ['base64 with a line end', bytesOf({ ...envelope(), payload: `${payload}\n` })],
    ['base64 with a letter of no alphabet', bytesOf({ ...envelope(), payload: `!${payload}` })],
    ['no signatures', bytesOf({ ...envelope(), signatures: undefined })],
    ['a signature that nobody checks', bytesOf({ ...envelope(), signatures: [{ sig: 'AA==' }] })],
    ['a payload that is no JSON', around('hello')],
    ['a payload that is null', around('null')],
    ['a payload with white space', around(JSON.stringify(GOOD, null, 1))],
    ['a payload with a key twice', around(JSON.stringify(GOOD).replace('{', '{"predicateType":"x",'))],
    ['a payload with another way to write a number', around(JSON.stringify(GOOD).replace('1.5', '15e-1'))],
    [
      'a payload that is no UTF-8',
      bytesOf({ ...envelope(), payload: Buffer.from([0x22, 0xff, 0x22]).toString('base64') }),
    ],
    ['another kind of statement', around(JSON.stringify({ ...GOOD, _type: `${STATEMENT_TYPE}0` }))],
    ['a statement without a predicate', around(JSON.stringify({ ...GOOD, predicate: undefined }))],
    ['a statement without a predicate type', around(JSON.stringify({ ...GOOD, predicateType: 1 }))],
    [
      'a statement about nothing named',
      around(JSON.stringify({ ...GOOD, subject: [{ digest: { sha256: 'a'.repeat(64) } }] })),
    ],
    [
      'a statement about no digest',
      around(JSON.stringify({ ...GOOD, subject: [{ name: 'x', digest: { sha256: 'A' } }] })),
    ],
    ['a statement whose subject is no list', around(JSON.stringify({ ...GOOD, subject: {} }))],
  ])('with %s is refused', (_what, bytes) => {
    expect(() => decodeEnvelope(bytes, 'sha256:…')).toThrow(/^sha256:… cannot be trusted: /);
  });
});
