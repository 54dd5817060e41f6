import { describe, expect, test } from 'vitest';
import { createMask } from '../../src/secrets/mask.ts';

/** Of every length, with what encodings change: base64 has `+` and `/` in it, URLs have `%`, JSON has `\"`. */
const VALUES = ['pässwort', 'xy"z', 's3cr3t+/?&=%', 'postgres://app:hunter2~~>>??@db/shop', '\u00ff\u00fe\u00fb\u00ef'];

describe('what is known of a secret is masked', () => {
  const encodings: readonly (readonly [string, (value: string) => string])[] = [
    ['as it is', (value) => value],
    ['as JSON has it', (value) => JSON.stringify({ value })],
    ['URL-encoded', (value) => encodeURIComponent(value)],
    [
      'URL-encoded with small letters',
      (value) => encodeURIComponent(value).replaceAll(/%../g, (byte) => byte.toLowerCase()),
    ],
    ['as a form', (value) => new URLSearchParams({ value }).toString()],
    ['in hexadecimal', (value) => Buffer.from(value).toString('hex')],
    ['in HEXADECIMAL', (value) => Buffer.from(value).toString('hex').toUpperCase()],
    ...['', 'a', 'ab', 'abc'].flatMap((before) => [
      [`in base64 after "${before}"`, (value: string) => Buffer.from(`${before}${value}!`).toString('base64')] as const,
      [
        `in base64url after "${before}"`,
        (value: string) => Buffer.from(`${before}${value}`).toString('base64url'),
      ] as const,
    ]),
  ];
  test.each(encodings)('%s', (_, encode) => {
    for (const value of VALUES.filter((each) => Buffer.byteLength(each) >= 8)) {
      const mask = createMask();
      mask.know('shop/key', value);
      const said = encode(value);
      const masked = mask.mask(`before ${said} after`);
      expect(masked).toMatch(/^before .*\[secret shop\/key\].* after$/s);
      // Of base64 there may be left the characters that hold bits of both.
      expect(masked.length - 'before [secret shop/key] after'.length).toBeLessThanOrEqual(20);
    }
  });

  test('under the name of its own, where one begins as another does', () => {
    const mask = createMask();
    mask.know('shop/short', 'hunter2');
    mask.know('shop/long', 'hunter2-and-more');
    expect(mask.mask('hunter2 hunter2-and-more')).toBe('[secret shop/short] [secret shop/long]');
  });

  test('line by line, where a program prints a key so', () => {
    const lines = ['-----BEGIN KEY-----', 'MIIEpAIBAAKCAQEA1c7', 'e8hJpZ0Xk2b9Qq7T'];
    const mask = createMask();
    mask.know('shop/key', lines.join('\n'));
    expect(mask.mask(lines.map((line) => `key: ${line}`).join('\n'))).not.toContain(lines[1]);
    expect(mask.mask(lines.join('\r\n'))).not.toContain(lines[2]);
  });

  test('after a rotation the old value as the new one', () => {
    const mask = createMask();
    mask.know('shop/key', 'yesterday');
    mask.know('shop/key', 'today-it-is');
    expect(mask.mask('yesterday, today-it-is')).toBe('[secret shop/key], [secret shop/key]');
  });

  test('and what is too short to be told from other text is left', () => {
    const mask = createMask();
    mask.know('shop/pin', '123');
    expect(mask.mask('port 12345')).toBe('port 12345');
    expect(mask.reach).toBe(0);
  });

  test('however large it is', () => {
    const value = Array.from({ length: 1000 }, (_, index) => `line ${index} of a very long key`).join('\n');
    const mask = createMask();
    mask.know('shop/key', value);
    expect(mask.mask(`${value}.`)).toBe('[secret shop/key].');
    expect(mask.reach).toBeGreaterThan(value.length);
  });
});
