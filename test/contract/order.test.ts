import { describe, expect, test } from 'vitest';
import { contentOf, isSameOrder, whyNoOrder, type DeployOrder, type RollbackOrder } from '../../src/contract/order.ts';

const target = { environment: 'staging', component: 'storefront' };
const DEPLOY: DeployOrder = {
  kind: 'deploy',
  requestId: 'r1',
  target,
  by: 'ada',
  change: 'CHG-1',
  source: 'shop',
  revision: 'a'.repeat(40),
};
const BACK: RollbackOrder = {
  kind: 'rollback',
  requestId: 'r1',
  target,
  by: 'ada',
  reason: 'complaints',
  version: null,
};

describe('an order', () => {
  test.each([DEPLOY, BACK, { ...BACK, version: '20261123.4f0c1d2e3a4b.9e107d9d' }, { ...BACK, version: undefined }])(
    'is taken: %j',
    (order) => {
      expect(whyNoOrder(order)).toBeNull();
    },
  );

  test.each([
    [null, 'one object'],
    ['CHG-1', 'one object'],
    [[DEPLOY], 'one object'],
    [{ ...DEPLOY, kind: 'undo' }, 'kind'],
    [{ ...DEPLOY, requestId: ' ' }, 'requestId'],
    [{ ...DEPLOY, requestId: 'r'.repeat(201) }, 'requestId'],
    [{ ...DEPLOY, by: undefined }, 'by'],
    [{ ...DEPLOY, by: 7 }, 'by'],
    [{ ...DEPLOY, change: '' }, 'change'],
    [{ ...DEPLOY, source: null }, 'source'],
    [{ ...DEPLOY, revision: 'a'.repeat(39) }, 'revision'],
    [{ ...DEPLOY, revision: 'A'.repeat(40) }, 'revision'],
    [{ ...DEPLOY, revision: `${'a'.repeat(40)}\n` }, 'revision'],
    [{ ...BACK, reason: '' }, 'reason'],
    [{ ...BACK, reason: 'r'.repeat(4001) }, 'reason'],
    [{ ...BACK, degradation: { deploymentId: 'staging/web/1', evidence: `sha256:${'a'.repeat(64)}` } }, 'degradation'],
    [{ ...BACK, version: '' }, 'version'],
    [{ ...BACK, version: 7 }, 'version'],
  ])('%j is refused for its %s', (order, wrong) => {
    expect(whyNoOrder(order)).toContain(wrong);
  });
});

describe('the same request is one deployment', () => {
  test('when it asks for the same, word by word', () => {
    expect(isSameOrder(DEPLOY, { ...DEPLOY, target: { ...target } })).toBe(true);
    expect(contentOf(DEPLOY)).toBe(contentOf({ ...DEPLOY, requestId: 'r2' }));
  });

  test.each([
    { ...DEPLOY, requestId: 'r2' },
    { ...DEPLOY, target: { ...target, environment: 'production' } },
    { ...DEPLOY, by: 'eve' },
    { ...DEPLOY, change: 'CHG-2' },
    { ...DEPLOY, source: 'other' },
    { ...DEPLOY, revision: 'b'.repeat(40) },
    BACK,
  ])('and not when anything differs: %j', (other) => {
    expect(isSameOrder(DEPLOY, other)).toBe(false);
  });

  test('a rollback to a named version is another than one to the release before', () => {
    expect(contentOf(BACK)).not.toBe(contentOf({ ...BACK, version: 'v1' }));
    expect(contentOf(BACK)).not.toBe(contentOf({ ...BACK, reason: 'another' }));
    const degradation = { deploymentId: 'staging/web/1', evidence: `sha256:${'a'.repeat(64)}` } as const;
    expect(contentOf(BACK)).not.toBe(contentOf({ ...BACK, degradation }));
  });
});
