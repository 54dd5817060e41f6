import { describe, expect, test } from 'vitest';
import { openRecord, type DeploymentRecord } from '../../src/contract/record.ts';
import { tellStep } from '../../src/demo/step-telling.ts';
import { createTelling } from '../../src/demo/telling.ts';

/** What was told, line by line, without what only makes columns. */
function linesOf(text: string): readonly string[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => line.trim().replace(/ +/g, ' '));
}

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
const ROLLED_BACK = {
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
} satisfies DeploymentRecord;
/** As `ROLLED_BACK`, and past its bound of three seconds. */
const LATE = {
  ...ROLLED_BACK,
  rollback: {
    ...ROLLED_BACK.rollback,
    restoredAt: '2026-11-23T10:00:07.600Z',
    within: 3_000,
    breachedAt: '2026-11-23T10:00:05.300Z',
    outcome: 'late',
  },
} satisfies DeploymentRecord;
const BREACHED =
  '! ROLLBACK_BREACHED not back within 3.0 s; it goes on until the old version is seen healthy, or until a person takes over';
const STEP = { title: 'It goes back', resume: { component: 'storefront', by: 'ada', reason: 'well' } };

describe('a step as it is told', () => {
  test('has a headline, each stage once when it has ended, the rollback, and how it ended', () => {
    const { telling, text } = listening();
    const step = tellStep(telling, STEP, 6, 8);
    for (const soFar of [RECORD, { ...RECORD, stages: [intake] }, { ...RECORD, stages: [intake] }, FAILED]) {
      step.progress(soFar);
    }
    step.ended(ROLLED_BACK, null);
    expect(linesOf(text())).toEqual([
      '',
      '6/8 It goes back',
      '✓ change intake 1.2 s CHG-1006: Delivery dates',
      '✗ post-deploy verification 300 ms SMOKE_FAILED (§10)',
      '↩ rollback 100 ms back to 20261105.0, restored',
      'answered 502',
      'staging/storefront/3 rolled-back, as expected',
    ]);
  });

  test('says at once, and once, that a rollback is past its bound', () => {
    const { telling, text } = listening();
    const step = tellStep(telling, STEP, 6, 8);
    const rollback = { ...LATE.rollback, restoredAt: null, outcome: 'restoring' } as const;
    const restoring: DeploymentRecord = { ...LATE, result: null, rollback };
    step.progress(FAILED);
    expect(text()).not.toContain('ROLLBACK_BREACHED');
    step.progress(restoring);
    expect(linesOf(text()).at(-1)).toBe(BREACHED);
    step.progress(restoring);
    step.ended(LATE, null);
    expect(linesOf(text()).filter((line) => line === BREACHED)).toHaveLength(1);
    expect(linesOf(text())).toContain('↩ rollback 5.3 s back to 20261105.0, late: 3.0 s were declared');
  });

  test('says so before the rollback, where nobody saw it while it went on', () => {
    const { telling, text } = listening();
    tellStep(telling, STEP, 6, 8).ended(LATE, null);
    const lines = linesOf(text());
    expect(lines.indexOf(BREACHED)).toBe(lines.findIndex((line) => line.startsWith('↩ rollback')) - 1);
  });

  test('goes on with what the lane does by itself, and why', () => {
    const { telling, text } = listening();
    const step = tellStep(telling, STEP, 6, 8);
    const completed: DeploymentRecord = { ...RECORD, result: 'completed', stages: [intake] };
    step.ended(completed, null);
    step.awaiting('staging/storefront');
    const change = {
      ...RECORD.change,
      id: 'rollback:staging/storefront/2',
      requestedBy: 'slipway',
      reason: 'it fails',
    };
    const own: DeploymentRecord = { ...completed, deploymentId: 'staging/storefront/4', change };
    for (const soFar of [{ ...own, stages: [] }, own]) step.followed(soFar);
    step.ended(own, null);
    expect(linesOf(text()).slice(3)).toEqual([
      'staging/storefront/3 completed, as expected',
      '↩ slipway orders a rollback by itself',
      'it fails',
      '✓ change intake 1.2 s rollback:staging/storefront/2: Delivery dates',
      'staging/storefront/4 completed, as expected',
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
