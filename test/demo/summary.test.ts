import { expect, test } from 'vitest';
import { openRecord, type DeploymentRecord } from '../../src/contract/record.ts';
import type { DemoOutcome } from '../../src/demo/outcome.ts';
import { tellSummary } from '../../src/demo/summary.ts';
import { createTelling } from '../../src/demo/telling.ts';

const RECORD: DeploymentRecord = {
  ...openRecord('workshop/restock/2', {
    kind: 'deploy',
    requestId: 'r',
    target: { environment: 'workshop', component: 'restock' },
    by: 'cleo',
    change: 'CHG-1108',
    source: 'shop',
    revision: 'a'.repeat(40),
  }),
  result: 'rolled-back',
  failure: { code: 'SMOKE_FAILED', clause: '§10', stage: 'post-deploy-verification', message: 'it does not add up' },
  rollback: {
    trigger: 'SMOKE_FAILED',
    to: { version: '20261116.0', digest: `sha256:${'0'.repeat(64)}` },
    startedAt: '2026-11-25T10:00:00.000Z',
    restoredAt: '2026-11-25T10:00:05.300Z',
    within: 3_000,
    breachedAt: '2026-11-25T10:00:03.000Z',
    outcome: 'late',
  },
};
const OUTCOME: DemoOutcome = {
  records: [RECORD],
  requests: { sent: 160, failed: 6 },
  requestsByStep: [
    { step: 'All is well', sent: 60, failed: 0, mayFail: false },
    { step: 'A bad one is live', sent: 50, failed: 5, mayFail: true },
    { step: 'Nothing bad was live', sent: 50, failed: 1, mayFail: false },
  ],
  verified: { 'workshop/restock/2': 'VALID' },
  signedBy: { 'workshop/restock/2': ['orchestrator-1', 'builder-1', 'deployer-1'] },
  instancesUnchanged: true,
};

test('what a demo came to: how each way back went, and in which steps requests failed', () => {
  const written: string[] = [];
  const telling = createTelling({ write: (text: string) => written.push(text) }, {});
  const findings = { records: [RECORD], verifications: [], instancesUnchanged: true };
  tellSummary(telling, { findings, outcome: OUTCOME, failures: ['2026-11-25T10:00:01Z 503'], wrong: [] });
  const lines = written
    .join('')
    .split('\n')
    .map((line) => line.trim());
  expect(lines).toContain('workshop/restock/2  rolled-back SMOKE_FAILED  -  -  late after 5.3 s');
  const seen = lines.slice(lines.indexOf('All the while') + 1);
  expect(seen.slice(0, 4)).toEqual([
    '160 requests sent, 6 failed',
    '5 of 50 failed in "A bad one is live", where something bad was live',
    '1 of 50 failed in "Nothing bad was live"',
    '2026-11-25T10:00:01Z 503',
  ]);
});
