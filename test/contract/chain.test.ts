import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { faultOfChain, type Chain } from '../../src/contract/chain.ts';
import { stageBefore, STAGES, type Stage } from '../../src/contract/stages.ts';
import { isTime, notBefore } from '../../src/contract/time.ts';
import { gatherDossier } from '../../src/records/dossier.ts';
import { createTarget } from '../records/deployments.ts';
import { openStore, type ScratchStore } from '../records/scratch.ts';

const ID = 'staging/storefront/1';

let scratch: ScratchStore;
let whole: Chain;
beforeAll(async () => {
  scratch = await openStore();
  await createTarget(scratch.artifacts).deploy();
  whole = (await gatherDossier(scratch.artifacts, ID)).chain;
});
afterAll(() => scratch.remove());

/** The chain as it stands once `last` has passed; null: before anything has. */
function upTo(last: Stage | null): Chain {
  const passed = last === null ? [] : STAGES.slice(0, STAGES.indexOf(last) + 1);
  return Object.fromEntries(passed.map((stage) => [stage, whole[stage]])) as Chain;
}

describe('a chain of evidence holds', () => {
  test.each([null, ...STAGES])('from change intake up to %s', (last) => {
    expect(faultOfChain(upTo(last), ID, last)).toBeNull();
  });

  test.each(STAGES)('not without its %s', (missing) => {
    const { [missing]: _, ...rest } = whole;
    expect(faultOfChain(rest as Chain, ID, 'completion')).toMatchObject({
      clause: '§4',
      reason: expect.stringContaining(missing) as string,
    });
  });

  test('not for another deployment', () => {
    expect(faultOfChain(whole, 'staging/storefront/2', 'completion')).toMatchObject({ clause: '§15' });
  });

  test('not when one stage beyond it hangs on other evidence', () => {
    const loose = { ...whole.build!, predicate: { ...whole.build!.predicate, previous: null } };
    expect(faultOfChain({ ...upTo('change-intake'), build: loose }, ID, 'change-intake')).toMatchObject({
      clause: '§4',
    });
  });
});

test('each stage but the first has one before it', () => {
  expect(STAGES.map((stage) => stageBefore(stage))).toEqual([null, ...STAGES.slice(0, -1)]);
});

describe('a time', () => {
  test.each(['2026-11-23T09:00:00.000Z', '1970-01-01T00:00:00.000Z'])('is %s', (text) => {
    expect(isTime(text)).toBe(true);
  });

  test.each([
    null,
    undefined,
    0,
    '',
    '2026-11-23',
    '2026-11-23T09:00:00Z',
    '2026-11-23T09:00:00.000+01:00',
    '2026-02-30T25:00:00.000Z',
    '2026-11-23T09:00:00.000Z\n',
  ])('is not %j', (value) => {
    expect(isTime(value)).toBe(false);
  });

  test('never lies before what it came after, whatever another clock says', () => {
    expect(notBefore('2026-11-23T09:00:00.000Z', '2026-11-23T08:59:59.999Z')).toBe('2026-11-23T09:00:00.000Z');
    expect(notBefore('2026-11-23T09:00:00.000Z', '2026-11-23T09:00:00.001Z')).toBe('2026-11-23T09:00:00.001Z');
  });
});
