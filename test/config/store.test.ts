import { describe, expect, test } from 'vitest';
import { parsePlatform } from '../../src/config/load.ts';

const read = (store: string) =>
  parsePlatform(
    Buffer.from(
      `apiVersion: slipway/v1\nstore: ${store}\nsources: [{ name: shop, url: ./shop }]\nenvironments: { staging: {} }\n`,
    ),
  ).store;

const REGISTRY = 'https://registry.example/team';

describe('the store of a platform', () => {
  test('is a folder or a registry', () => {
    expect(read('{ path: ./kept }')).toEqual({ path: './kept' });
    const store = `{ registry: ${REGISTRY}, username: { env: U }, password: { file: p }, ca: { file: ca.pem } }`;
    expect(read(store)).toEqual({
      registry: REGISTRY,
      username: { env: 'U' },
      password: { file: 'p' },
      ca: { file: 'ca.pem' },
    });
    expect(read('{ registry: "http://localhost:5000", token: { env: T } }')).toMatchObject({ token: { env: 'T' } });
  });

  test.each([
    ['{}', /store\.path: found nothing, expected text; add it/],
    ['{ path: ./kept, registry: https://registry.example }', /store\.(path|registry): found an unknown key/],
    ['{ registry: registry.example/team }', /store\.registry: found "registry.example\/team", expected http\(s\):\/\//],
    ['{ registry: "https://ada:s3cret@registry.example" }', /store\.registry: found "https:\/\/…@registry.example"/],
    ['{ registry: "https://registry.example/Team" }', /store\.registry: .*in small letters/],
    [
      `{ registry: ${REGISTRY}, username: { env: U } }`,
      /store\.username: .*expected a password with it; add `password`/,
    ],
    [
      `{ registry: ${REGISTRY}, password: { env: U } }`,
      /store\.password: .*expected a username with it; add `username`/,
    ],
    [
      `{ registry: ${REGISTRY}, username: { env: U }, password: { env: P }, token: { env: T } }`,
      /store\.token: .*a token or a username/,
    ],
    [
      `{ registry: ${REGISTRY}, password: s3cret, username: ada }`,
      /store\.password: found a secret written out, expected \{ env/,
    ],
    [
      '{ registry: "http://registry.example", token: { env: T } }',
      /store\.token: .*http would show it to whoever listens; make the address https/,
    ],
  ])('is not %s', (store, said) => {
    expect(() => read(store)).toThrow(said);
    expect(() => read(store)).not.toThrow('s3cret');
  });
});
