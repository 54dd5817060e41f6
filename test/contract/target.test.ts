import { describe, expect, test } from 'vitest';
import {
  deploymentWorkflowId,
  formatDeploymentId,
  formatTarget,
  laneWorkflowId,
  parseDeploymentId,
  parseTarget,
} from '../../src/contract/target.ts';

const TARGET = { environment: 'staging', component: 'storefront' };
const LONGEST = `a${'-'.repeat(39)}`;

describe('a target', () => {
  test('is written and read back', () => {
    expect(formatTarget(TARGET)).toBe('staging/storefront');
    expect(parseTarget('staging/storefront')).toEqual(TARGET);
    expect(parseTarget(`${LONGEST}/b1`)).toEqual({ environment: LONGEST, component: 'b1' });
  });

  test.each([
    '',
    'staging',
    '/',
    'staging/',
    '/storefront',
    'staging/storefront/7',
    'Staging/storefront',
    '1staging/storefront',
    'staging/store_front',
    'staging/../storefront',
    'staging/store.front',
    'staging/storefront\n',
    ' staging/storefront',
    `${LONGEST}a/b`,
  ])('is not %j', (text) => {
    expect(parseTarget(text)).toBeNull();
  });
});

describe('a deployment id', () => {
  test('is written and read back', () => {
    expect(formatDeploymentId(TARGET, 7)).toBe('staging/storefront/7');
    expect(parseDeploymentId('staging/storefront/7')).toEqual({ ...TARGET, n: 7 });
    expect(parseDeploymentId('staging/storefront/999999999')).toEqual({ ...TARGET, n: 999_999_999 });
  });

  test.each([
    '',
    'staging/storefront',
    'staging/storefront/',
    'staging/storefront/0',
    'staging/storefront/07',
    'staging/storefront/-1',
    'staging/storefront/1.5',
    'staging/storefront/1e3',
    'staging/storefront/7/8',
    'staging/storefront/1234567890',
    'staging/storefront/7\n',
    'a b/c/1',
  ])('is not %j', (text) => {
    expect(parseDeploymentId(text)).toBeNull();
  });
});

test('workflow ids say whose they are, and no two of them are the same', () => {
  expect(laneWorkflowId(TARGET)).toBe('target:staging:storefront');
  expect(deploymentWorkflowId(TARGET, 7)).toBe('deployment:staging:storefront:7');
});
