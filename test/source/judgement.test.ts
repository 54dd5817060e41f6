import { describe, expect, test } from 'vitest';
import type { Change } from '../../src/config/change.ts';
import { SlipwayError } from '../../src/contract/failure.ts';
import type { ChangeDocument } from '../../src/source/change-document.ts';
import { judgeUnits, type UnitFacts, type UnitsFacts } from '../../src/source/judgement.ts';

const R1 = '1'.repeat(40);
const R2 = '2'.repeat(40);

function change(id: string, also: Partial<Change> = {}): Change {
  return {
    id,
    summary: id,
    reason: 'why',
    components: ['storefront'],
    scope: ['shop/**'],
    covers: [],
    irreversible: false,
    ...also,
  };
}

const documents = (...changes: readonly Change[]): ReadonlyMap<string, ChangeDocument> =>
  new Map(changes.map((each) => [each.id, { id: each.id, change: each }]));

const broken = (id: string): ReadonlyMap<string, ChangeDocument> =>
  new Map([[id, { id, failure: new SlipwayError('CHANGE_DOCUMENT_INVALID', 'what is wrong with it') }]]);

const unit = (revision: string, changes: readonly string[], paths = ['shop/a']): UnitFacts => ({
  revision,
  subject: 'a commit',
  changes,
  paths,
});

interface Case {
  readonly change?: string | null;
  readonly redeployed?: boolean;
  readonly units?: readonly UnitFacts[];
  readonly at?: ReadonlyMap<string, ChangeDocument>;
  readonly atUnits?: UnitsFacts['documents']['atUnits'];
}

function verdict({
  change: ordered = null,
  redeployed = false,
  units = [],
  at = new Map(),
  atUnits = new Map(),
}: Case): string {
  const facts = { component: 'storefront', change: ordered, redeployed, units, documents: { atRevision: at, atUnits } };
  const judged = judgeUnits(facts);
  return judged.verdict === 'pass'
    ? `${judged.change.id} carries ${judged.carries.join(' ')}`
    : judged.problems.map(({ code }) => code).join(' ');
}

describe('a unit', () => {
  test.each<[string, Case, string]>([
    [
      'with a line whose document stands at the revision passes',
      { units: [unit(R1, ['A'])], at: documents(change('A')) },
      'A carries A',
    ],
    [
      'with a line whose document stood at the unit, and was taken away since, passes',
      { units: [unit(R1, ['A'])], atUnits: new Map([[R1, documents(change('A'))]]) },
      'A carries A',
    ],
    [
      'whose document stands only at another unit has none',
      { units: [unit(R1, ['A']), unit(R2, ['A'])], atUnits: new Map([[R2, documents(change('A'))]]) },
      'CHANGE_DOCUMENT_MISSING',
    ],
    [
      'without a line passes when a change covers it',
      { units: [unit(R1, [])], at: documents(change('A', { covers: [R1] })) },
      'A carries A',
    ],
    [
      'without a line is undocumented',
      { units: [unit(R1, [])], at: documents(change('A', { covers: [R2] })) },
      'UNDOCUMENTED_CHANGE',
    ],
    ['whose line names no document is not accounted for', { units: [unit(R1, ['A'])] }, 'CHANGE_DOCUMENT_MISSING'],
    [
      'whose document cannot be read is not accounted for',
      { units: [unit(R1, ['A'])], at: broken('A') },
      'CHANGE_DOCUMENT_INVALID',
    ],
    [
      'whose line was wrong passes when a change covers it',
      { units: [unit(R1, ['X'])], at: new Map([...broken('X'), ...documents(change('A', { covers: [R1] }))]) },
      'A carries A',
    ],
    [
      'of a change for another component is not accounted for',
      { units: [unit(R1, ['A'])], at: documents(change('A', { components: ['catalog'] })) },
      'COMPONENT_NOT_IN_CHANGE',
    ],
    [
      'with a file outside the scope of its change exceeds it',
      { units: [unit(R1, ['A'], ['shop/a', 'ui/b'])], at: documents(change('A')) },
      'SCOPE_EXCEEDED',
    ],
    [
      'of two changes may be accounted for by both together',
      {
        units: [unit(R1, ['A', 'B'], ['shop/a', 'ui/b'])],
        at: documents(change('A'), change('B', { scope: ['ui/*'] })),
      },
      'B carries A B',
    ],
    [
      'is not accounted for by the scope of a change for another component',
      {
        units: [unit(R1, ['A', 'B'], ['shop/a', 'ui/b'])],
        at: documents(change('A'), change('B', { scope: ['ui/*'], components: ['catalog'] })),
      },
      'SCOPE_EXCEEDED',
    ],
  ])('%s', (_, facts, expected) => {
    expect(verdict(facts)).toBe(expected);
  });

  test('is named with what is to be done about it', () => {
    const judged = judgeUnits({
      component: 'storefront',
      change: null,
      redeployed: false,
      units: [unit(R1, [])],
      documents: { atRevision: new Map(), atUnits: new Map() },
    });
    expect(judged).toMatchObject({
      problems: [
        { message: expect.stringMatching(/^111111111111 "a commit": .*; write 1{40} under `covers`/) as string },
      ],
    });
  });
});

describe('an order', () => {
  const units = [unit(R1, ['A']), unit(R2, ['B'])];
  const at = documents(change('A'), change('B'), change('C'), change('D', { components: ['catalog'] }));

  test.each<[string, Case, string]>([
    ['names one of the changes carried, and all of them are recorded', { change: 'A', units, at }, 'A carries A B'],
    ['that names none takes the newest', { units, at }, 'B carries A B'],
    ['cannot name a change that is not carried', { change: 'C', units, at }, 'CHANGE_NOT_CARRIED'],
    ['cannot name a change for another component', { change: 'D', units, at }, 'COMPONENT_NOT_IN_CHANGE'],
    ['cannot name a change without a document', { change: 'E', units, at }, 'CHANGE_DOCUMENT_MISSING'],
    [
      'cannot name a change whose document cannot be read',
      { change: 'E', units, at: broken('E') },
      'CHANGE_DOCUMENT_INVALID',
    ],
    ['without anything to deploy is refused', { change: 'A', at }, 'CHANGE_NOT_CARRIED'],
    ['without a change or anything to deploy is refused', { at }, 'CHANGE_NOT_CARRIED'],
    [
      'may deploy the live revision again, for the change that it names',
      { change: 'C', redeployed: true, at },
      'C carries C',
    ],
    ['needs a change for this component even then', { change: 'D', redeployed: true, at }, 'COMPONENT_NOT_IN_CHANGE'],
    [
      'hears of everything that is wrong, the oldest first',
      { units: [unit(R1, []), unit(R2, ['A'], ['x'])], at },
      'UNDOCUMENTED_CHANGE SCOPE_EXCEEDED',
    ],
    [
      'may name a change whose document a revert took away, for the unit still has it',
      { change: 'A', units: [unit(R1, ['A'])], atUnits: new Map([[R1, documents(change('A'))]]) },
      'A carries A',
    ],
  ])('%s', (_, facts, expected) => {
    expect(verdict(facts)).toBe(expected);
  });
});
