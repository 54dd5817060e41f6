import { describe, expect, test } from 'vitest';
import { SlipwayError } from '../../src/contract/failure.ts';
import type { Readiness } from '../../src/health/ready.ts';
import type { SmokeResult } from '../../src/health/smoke.ts';
import type { Verdict } from '../../src/health/verdict.ts';
import { createBytesVerifier } from '../../src/verification/bytes.ts';
import { Inconclusive } from '../../src/verification/finding.ts';
import type { Throwaway } from '../../src/verification/instance.ts';
import { createIntegrationVerifier, type IntegrationDeps } from '../../src/verification/integration.ts';
import { verifyArtifact, type VerificationContext, type Verifier } from '../../src/verification/verifier.ts';
import { SERVICE } from './artifact.ts';

const context: VerificationContext = { artifact: `sha256:${'a'.repeat(64)}`, manifest: SERVICE };

function saying(...verdicts: readonly Verdict[]): Verifier {
  const finding = { rule: 'r', place: 'p', clause: '§7', message: 'm' } as const;
  return { id: 'r', appliesTo: () => true, verify: async () => verdicts.map((verdict) => ({ ...finding, verdict })) };
}

function throwing(error: Error): Verifier {
  return { id: 'thrower', appliesTo: () => true, verify: () => Promise.reject(error) };
}

describe('verification', () => {
  test.each<[what: string, verifiers: readonly Verifier[], verdict: Verdict]>([
    ['nothing but passes passes', [saying('pass'), saying('pass', 'pass')], 'pass'],
    ['one fail fails', [saying('pass'), saying('inconclusive', 'fail')], 'fail'],
    ['what could not be told is inconclusive, not a pass', [saying('pass'), saying('inconclusive')], 'inconclusive'],
    ['no verifier at all is inconclusive', [], 'inconclusive'],
    ['a verifier that finds nothing is no pass', [saying()], 'inconclusive'],
    [
      'a verifier that could not look is inconclusive',
      [saying('pass'), throwing(new Inconclusive('slow'))],
      'inconclusive',
    ],
    ['a fail stands, whatever could not be told', [throwing(new Inconclusive('slow')), saying('fail')], 'fail'],
  ])('%s', async (_, verifiers, verdict) => {
    expect((await verifyArtifact(context, verifiers)).verdict).toBe(verdict);
  });

  test('an error of our own is no verdict: it is thrown on', async () => {
    const away = new SlipwayError('STORE_UNAVAILABLE', 'the disk is gone');
    await expect(verifyArtifact(context, [saying('fail'), throwing(away)])).rejects.toBe(away);
  });

  test('leaves out a verifier that does not apply', async () => {
    const never = { ...saying('fail'), appliesTo: () => false };
    expect(await verifyArtifact(context, [never, saying('pass')])).toMatchObject({ verdict: 'pass', findings: [{}] });
  });
});

describe('the bytes', () => {
  const check = (checkBytes: () => Promise<void>) => verifyArtifact(context, [createBytesVerifier({ checkBytes })]);

  test('pass when they are those of the build evidence', async () => {
    expect(await check(async () => {})).toMatchObject({ verdict: 'pass', findings: [{ rule: 'bytes', clause: '§6' }] });
  });

  test('fail when they are others', async () => {
    const corrupt = new SlipwayError('ARTIFACT_CORRUPT', 'a layer has other bytes');
    const result = await check(() => Promise.reject(corrupt));
    expect(result).toMatchObject({ verdict: 'fail', findings: [{ message: 'a layer has other bytes' }] });
  });

  test('that cannot be read are our trouble', async () => {
    const away = new SlipwayError('STORE_UNAVAILABLE', 'the disk is gone');
    await expect(check(() => Promise.reject(away))).rejects.toBe(away);
  });
});

describe('integration', () => {
  let stopped = 0;
  const instance = {
    log: () => 'listening on 1234\n',
    stop: async () => void stopped++,
  } as Partial<Throwaway> as Throwaway;
  const deps = (readiness: Readiness, verdict: Verdict = 'pass'): IntegrationDeps & { ran: string[] } => {
    const ran: string[] = [];
    return {
      ran,
      startThrowaway: async () => instance,
      waitUntilHealthy: async () => readiness,
      runSmoke: async ({ name }) => (
        ran.push(name),
        { name, verdict, checks: [], late: false, message: 'GET /', elapsed: 1 } satisfies SmokeResult
      ),
    };
  };
  const verify = (with_: IntegrationDeps, manifest = SERVICE) =>
    verifyArtifact({ ...context, manifest }, [createIntegrationVerifier(with_)]);

  test('passes when it is healthy and its smoke tests pass, and stops the instance', async () => {
    const before = stopped;
    const result = await verify(deps({ state: 'healthy', after: 40 }));
    expect(result).toMatchObject({
      verdict: 'pass',
      findings: [{ rule: 'integration/health' }, { rule: 'integration/smoke' }],
    });
    expect(stopped).toBe(before + 1);
  });

  test('runs the smoke tests that are marked for verification, and no others', async () => {
    const live = { ...SERVICE.smoke[0]!, name: 'only live', at: ['live' as const] };
    const given = deps({ state: 'healthy', after: 1 });
    await verify(given, { ...SERVICE, smoke: [live, ...SERVICE.smoke] });
    expect(given.ran).toEqual(['home page']);
  });

  test.each<[Readiness, RegExp]>([
    [
      { state: 'exited', after: 12, detail: 'it ended with 3' },
      /ended after 12ms: it ended with 3.*listening on 1234/s,
    ],
    [
      { state: 'never', after: 10_000, detail: 'connection refused' },
      /never became healthy: connection refused.*startWithin \(10s\)/s,
    ],
  ])('fails when it is $state, and runs no smoke test', async (readiness, message) => {
    const given = deps(readiness);
    const result = await verify(given);
    expect(result).toMatchObject({ verdict: 'fail', findings: [{ message: expect.stringMatching(message) }] });
    expect(given.ran).toEqual([]);
  });

  test.each<Verdict>(['fail', 'inconclusive'])('is as bad as its worst smoke test: %s', async (verdict) => {
    expect((await verify(deps({ state: 'healthy', after: 1 }, verdict))).verdict).toBe(verdict);
  });

  test('stops the instance even when our own side fails', async () => {
    const before = stopped;
    const broken = { ...deps({ state: 'healthy', after: 1 }), runSmoke: () => Promise.reject(new Error('our bug')) };
    await expect(verify(broken)).rejects.toThrow('our bug');
    expect(stopped).toBe(before + 1);
  });
});
