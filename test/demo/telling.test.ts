import { describe, expect, test } from 'vitest';
import { openRecord, type DeploymentRecord } from '../../src/contract/record.ts';
import { tellStep } from '../../src/demo/step-telling.ts';
import { createTelling } from '../../src/demo/telling.ts';

/** A stream that keeps what is written to it. */
function listening(terminal: { isTTY?: boolean; columns?: number } = {}) {
  const written: string[] = [];
  const stream = { ...terminal, write: (text: string) => written.push(text) };
  return { telling: createTelling(stream, {}), text: () => written.join('') };
}

const RECORD: DeploymentRecord = {
  ...openRecord('staging/storefront/3', {
    kind: 'deploy',
    requestId: 'r',
    target: { environment: 'staging', component: 'storefront' },
    by: 'ben',
    change: 'CHG-1006',
    source: 'shop',
    revision: 'a'.repeat(40),
  }),
  change: {
    id: 'CHG-1006',
    summary: 'Delivery dates',
    reason: 'people ask',
    requestedBy: 'ben',
    carries: ['CHG-1006'],
  },
};
const intake = {
  stage: 'change-intake',
  result: 'passed',
  startedAt: '2026-11-23T10:00:00.000Z',
  finishedAt: '2026-11-23T10:00:01.200Z',
  evidence: null,
} as const;
const smoke = {
  stage: 'post-deploy-verification',
  result: 'failed',
  startedAt: '2026-11-23T10:00:02.000Z',
  finishedAt: '2026-11-23T10:00:02.300Z',
  evidence: null,
} as const;
const FAILED: DeploymentRecord = {
  ...RECORD,
  stages: [intake, smoke],
  failure: { code: 'SMOKE_FAILED', clause: '§10', stage: 'post-deploy-verification', message: 'answered 502' },
};
const ROLLED_BACK: DeploymentRecord = {
  ...FAILED,
  result: 'rolled-back',
  rollback: {
    trigger: 'SMOKE_FAILED',
    to: { version: '20261105.0', digest: `sha256:${'0'.repeat(64)}` },
    startedAt: '2026-11-23T10:00:02.300Z',
    restoredAt: '2026-11-23T10:00:02.400Z',
    within: 30_000,
    outcome: 'restored',
  },
};
const STEP = { title: 'It goes back', resume: { component: 'storefront', by: 'ada', reason: 'well' } };

describe('a step as it is told', () => {
  test('has a headline, each stage once when it has ended, the rollback, and how it ended', () => {
    const { telling, text } = listening();
    const step = tellStep(telling, STEP, 6, 8);
    for (const soFar of [RECORD, { ...RECORD, stages: [intake] }, { ...RECORD, stages: [intake] }, FAILED]) {
      step.progress(soFar);
    }
    step.ended(ROLLED_BACK, null);
    const lines = text()
      .split('\n')
      .map((line) => line.trim().replace(/ +/g, ' '));
    expect(lines).toEqual([
      '',
      '6/8 It goes back',
      '✓ change intake 1.2 s CHG-1006: Delivery dates',
      '✗ post-deploy verification 300 ms SMOKE_FAILED (§10)',
      '↩ rollback 100 ms back to 20261105.0, restored',
      'answered 502',
      'staging/storefront/3 rolled-back, as expected',
      '',
    ]);
  });

  test('says what was expected when something else is seen', () => {
    const { telling, text } = listening();
    tellStep(telling, STEP, 6, 8).ended(ROLLED_BACK, 'expected completed, seen rolled-back (SMOKE_FAILED)');
    expect(text()).toContain('staging/storefront/3 rolled-back: expected completed, seen rolled-back (SMOKE_FAILED)');
  });
});

describe('what goes on right now', () => {
  test('is shown on a terminal, on one line that is taken back', () => {
    const { telling, text } = listening({ isTTY: true, columns: 20 });
    telling.meanwhile(() => 'building something with a long name');
    telling.line('built');
    telling.end();
    expect(text().split('\r')).toEqual([expect.stringMatching(/building somethin$/), '\u001B[2Kbuilt\n']);
  });

  test('is not shown through a pipe', () => {
    const { telling, text } = listening();
    telling.meanwhile(() => 'building');
    telling.line('built');
    expect(text()).toBe('built\n');
  });
});

test('longer text is broken where a terminal ends, and whole for a pipe', () => {
  const wide = listening({ isTTY: true, columns: 20 });
  wide.telling.paragraph('  ', 'Customers ask support for it\nbefore every holiday');
  // eslint-disable-next-line no-control-regex -- colours
  expect(wide.text().replace(/\u001B\[\d+m/g, '')).toBe(
    '  Customers ask\n  support for it\n  before every\n  holiday\n',
  );
  const piped = listening();
  piped.telling.paragraph('  ', 'Customers ask support for it\nbefore every holiday');
  expect(piped.text()).toBe('  Customers ask support for it\n  before every holiday\n');
});
