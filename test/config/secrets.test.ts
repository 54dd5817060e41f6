import { describe, expect, test } from 'vitest';
import { parsePlatform } from '../../src/config/load.ts';

const read = (environments: string, more = '') =>
  parsePlatform(
    Buffer.from(
      `apiVersion: slipway/v1\nsources: [{ name: shop, url: ./shop }]\nenvironments:\n  ${environments}\n${more}`,
    ),
  );

function refusal(environments: string, more?: string): string {
  try {
    read(environments, more);
  } catch (error) {
    return String(error);
  }
  throw new Error('it was accepted');
}

describe('where an environment has its secrets', () => {
  test('is a folder, or how their variables begin, or nowhere', () => {
    const { environments } = read(
      '{ staging: { secrets: { folder: ./secrets } }, live: { secrets: { variables: LIVE_ } }, bare: {} }',
    );
    expect(Object.values(environments).map(({ secrets }) => secrets)).toEqual([
      { folder: './secrets' },
      { variables: 'LIVE_' },
      undefined,
    ]);
  });

  test.each(['LIVE', 'live_', '_', 'SLIPWAY_', 'SLIPWAY_FAILPOINT_', 'TEMPORAL_', 'TEMPORAL_TLS_', 'NODE_'])(
    'is not variables that begin with %s',
    (prefix) => {
      expect(refusal(`{ staging: { secrets: { variables: ${prefix} } } }`)).toContain(
        `environments.staging.secrets.variables: found "${prefix}", expected how their names begin, such as STAGING_`,
      );
    },
  );

  test('is not both, and no key that is not known', () => {
    expect(refusal('{ staging: { secrets: { folder: a, variables: A_ } } }')).toContain('found an unknown key');
    expect(refusal('{ staging: { secrets: { vault: a } } }')).toContain('found an unknown key');
  });

  test('may be where another has its own, but not where the other’s would be among them', () => {
    const two = (a: string, b: string) =>
      `{ staging: { secrets: { variables: ${a} } }, live: { secrets: { variables: ${b} } } }`;
    expect(read(two('SHOP_', 'SHOP_')).environments['live']?.secrets).toEqual({ variables: 'SHOP_' });
    expect(refusal(two('SHOP_', 'SHOP_LIVE_'))).toContain(
      'environments.staging.secrets.variables: found "SHOP_", expected none with which those of live begin too',
    );
  });

  test('is not where a secret of the platform’s own is', () => {
    const pager =
      'webhooks: { receivers: [{ name: pager, url: https://hooks.example/x, secret: { env: SHOP_PAGER } }] }\n';
    expect(refusal('{ staging: { secrets: { variables: SHOP_ } } }', pager)).toContain(
      'environments.staging.secrets.variables: found "SHOP_", expected none with which SHOP_PAGER begins too',
    );
  });
});

describe('what is let pass in artifacts', () => {
  const except = (one: string) => `verification: { secrets: { except: [${one}] } }\n`;

  test('is nothing unless given', () => {
    expect(read('{ staging: {} }').verification).toEqual({ secrets: { except: [] } });
  });

  test('is a path, perhaps a rule of it, and always a reason', () => {
    const { verification } = read(
      '{ staging: {} }',
      except('{ path: node_modules/x/**, rule: jwt, reason: an example }'),
    );
    expect(verification.secrets.except).toEqual([{ path: 'node_modules/x/**', rule: 'jwt', reason: 'an example' }]);
    expect(refusal('{ staging: {} }', except('{ path: node_modules/x/** }'))).toContain(
      'verification.secrets.except.0.reason: found nothing, expected text; add it',
    );
    expect(refusal('{ staging: {} }', except('{ path: a, rule: JWT, reason: x }'))).toContain(
      'except.0.rule: found "JWT", expected a rule as a finding names it',
    );
  });
});
