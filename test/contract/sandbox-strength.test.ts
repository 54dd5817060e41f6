import { expect, test } from 'vitest';
import { isTooWeak } from '../../src/contract/sandbox-strength.ts';

test.each([
  ['bwrap', null, false],
  ['none', null, false],
  ['bwrap', 'bwrap', false],
  ['unshare', 'bwrap', true],
  ['none', 'bwrap', true],
  ['bwrap', 'unshare', false],
  ['unshare', 'unshare', false],
  ['none', 'unshare', true],
  ['unknown', 'unshare', true],
  ['unknown', null, false],
] as const)('what was built in %s, where %s is required: too weak is %s', (sandbox, required, expected) => {
  expect(isTooWeak(sandbox, required)).toBe(expected);
});
