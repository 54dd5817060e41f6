import { describe, expect, test } from 'vitest';
import type { SecretException } from '../../src/config/verification.ts';
import type { Scanned } from '../../src/secret-scan/apart.ts';
import type { Extent, Found } from '../../src/secret-scan/scan.ts';
import { createSecretsVerifier } from '../../src/verification/secrets.ts';
import { verifyArtifact } from '../../src/verification/verifier.ts';
import { SERVICE } from './artifact.ts';

const ARTIFACT = `sha256:${'a'.repeat(64)}` as const;
const EXTENT: Extent = { files: 12, bytes: 3_400, binary: 0, cut: { first: [], count: 0 }, untold: 0 };
const KEY: Found = { path: 'dist/config.js', line: 7, rule: 'private-key' };
const DOCS: Found = { path: 'node_modules/pino/docs/transports.md', line: 1370, rule: 'assignment' };

const verify = (scanned: Scanned, except: readonly SecretException[] = []) =>
  verifyArtifact({ artifact: ARTIFACT, manifest: SERVICE }, [
    createSecretsVerifier({ scan: { ended: Promise.resolve(scanned) }, except }),
  ]);
const found = (...all: readonly Found[]): Scanned => ({ found: all, extent: EXTENT });

describe('an artifact with secrets', () => {
  test('is refused, with file, line and rule of each, and what to do', async () => {
    const { verdict, findings } = await verify(
      found(KEY, { path: 'slipway.yaml: run.env.KEY', line: null, rule: 'jwt' }),
    );
    expect(verdict).toBe('fail');
    expect(findings).toMatchObject([
      { rule: 'secrets/private-key', verdict: 'fail', place: 'dist/config.js:7', clause: '§15' },
      { rule: 'secrets/jwt', verdict: 'fail', place: 'slipway.yaml: run.env.KEY' },
    ]);
    expect(findings[0]?.message).toMatch(/take it out, count it as known to others, and give the new one by run\.env/);
  });

  test('passes where operators have excepted them, and the evidence says which and why', async () => {
    const { verdict, findings } = await verify(found(DOCS), [
      { path: 'node_modules/pino/docs/**', reason: 'an example in its manual' },
    ]);
    expect(verdict).toBe('pass');
    expect(findings).toMatchObject([
      { rule: 'secrets', message: 'no secrets in 12 files of text (3400 bytes); 1 excepted' },
      {
        rule: 'secrets/assignment',
        verdict: 'pass',
        place: 'node_modules/pino/docs/transports.md:1370',
        message: 'excepted by platform.yaml: an example in its manual',
      },
    ]);
  });

  test.each<[what: string, exception: Partial<SecretException>]>([
    ['another rule', { rule: 'jwt' }],
    ['another path', { path: 'node_modules/pino/lib/**' }],
  ])('is refused though %s is excepted', async (_, exception) => {
    const except = [{ path: 'node_modules/pino/docs/**', reason: 'an example in its manual', ...exception }];
    expect(await verify(found(DOCS), except)).toMatchObject({ verdict: 'fail' });
  });

  test('is refused for one of its secrets, whatever is excepted beside it', async () => {
    const except = [{ path: 'node_modules/**', reason: 'examples' }];
    expect(await verify(found(DOCS, KEY), except)).toMatchObject({ verdict: 'fail' });
    const untold = { found: [DOCS], extent: { ...EXTENT, untold: 3 } };
    expect(await verify(untold, except)).toMatchObject({ verdict: 'fail' });
  });

  test('with very many of them is told of the first', async () => {
    const many = Array.from({ length: 50 }, (_, index) => ({ ...KEY, line: index + 1 }));
    const { findings } = await verify(found(...many));
    expect(findings).toHaveLength(21);
    expect(findings.at(-1)).toMatchObject({ verdict: 'fail', message: 'and 30 more such findings' });
  });

  test('whose files have names that no terminal should see has them in quotes', async () => {
    const { findings } = await verify(found({ ...KEY, path: 'a\u001b[2Jb' }));
    expect(findings[0]?.place).toBe('"a\\u001b[2Jb":7');
  });
});

test('an artifact without any passes, and it is said what was not looked at', async () => {
  const extent = { ...EXTENT, binary: 3, cut: { first: ['big.js'], count: 2 } };
  expect(await verify({ found: [], extent })).toMatchObject({
    verdict: 'pass',
    findings: [
      {
        message:
          'no secrets in 12 files of text (3400 bytes); not looked at: 3 files that are no text; not looked at to the end: big.js, … (2)',
      },
    ],
  });
});

test('one that could not be looked through is inconclusive, and no pass', async () => {
  expect(await verify({ unfinished: 'it did not end within 2m' })).toMatchObject({
    verdict: 'inconclusive',
    findings: [{ rule: 'secrets', message: 'it was not looked through for secrets: it did not end within 2m' }],
  });
});
