import fc from 'fast-check';
import { expect, test } from 'vitest';
import { globMatcher } from '../../src/source/glob.ts';

test.each([
  ['main', 'main', true],
  ['main', 'mains', false],
  ['release/*', 'release/1.2', true],
  ['release/*', 'release/1/2', false],
  ['release/*', 'release', false],
  ['storefront/**', 'storefront/src/a.ts', true],
  ['storefront/**', 'storefront-old/a.ts', false],
  ['**', 'any/thing', true],
  ['**/*.ts', 'a.ts', true],
  ['**/*.ts', 'a/b/c.ts', true],
  ['a/**/b', 'a/b', true],
  ['a/**/b', 'a/x/y/b', true],
  ['a/**/b', 'a/x/y/c', false],
  ['*.mjs', '.hidden.mjs', true],
  ['a?c', 'abc', true],
  ['a?c', 'a/c', false],
  ['a*b*c', 'a-b-b-c', true],
  ['a*b*c', 'a-b-b-d', false],
  ['a/*', 'a/line\nfeed', true],
  ['app/(shop)/[slug]/{x}/**', 'app/(shop)/[slug]/{x}/page.tsx', true],
  ['!a', 'b', false],
  ['storefront', 'storefront/a', false],
])('%s on %j: %s', (pattern, path, expected) => {
  expect(globMatcher([pattern])(path)).toBe(expected);
});

test('any of several patterns is enough, none matches nothing', () => {
  expect(globMatcher(['a/*', 'b/*'])('b/x')).toBe(true);
  expect(globMatcher([])('a')).toBe(false);
});

/** The same language, said as a regular expression. */
function asRegExp(pattern: string): RegExp {
  const parts = pattern
    .split('/')
    .map((segment) =>
      segment === '**' ? '(?:[^/]*/)*' : `${segment.replaceAll('*', '[^/]*').replaceAll('?', '[^/]')}/`,
    );
  return new RegExp(`^${parts.join('')}$`);
}

test('it says what the regular expression of the same pattern says', () => {
  const segment = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 4 });
  const pattern = fc.oneof(
    fc.constant('**'),
    fc.string({ unit: fc.constantFrom('a', 'b', '?', '*'), minLength: 1, maxLength: 4 }),
  );
  const joined = (one: fc.Arbitrary<string>): fc.Arbitrary<string> =>
    fc.array(one, { minLength: 1, maxLength: 5 }).map((all) => all.join('/'));
  fc.assert(
    fc.property(joined(pattern), joined(segment), (glob, path) => {
      fc.pre(!glob.split('/').some((each) => each !== '**' && each.includes('**')));
      expect(globMatcher([glob])(path)).toBe(asRegExp(glob).test(`${path}/`));
    }),
    { numRuns: 2000 },
  );
});

test('a pattern written to be slow is not', () => {
  const started = performance.now();
  expect(globMatcher([`${'*a'.repeat(400)}b`])('a'.repeat(4000))).toBe(false);
  expect(globMatcher([`${'**/a/'.repeat(200)}b`])(`${'a/'.repeat(2000)}c`)).toBe(false);
  expect(performance.now() - started).toBeLessThan(1000);
});
