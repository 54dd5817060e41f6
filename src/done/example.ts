import { DONE_FIELDS, type DoneInput } from '../contract/done.ts';
import { STAGES } from '../contract/stages.ts';
import { byKind, type Field, type Primitive } from './field.ts';
import { nearestOf } from './nearest.ts';

/** A deployment for which every built-in rule holds: what an example does not give is as it is here. */
export const EXAMPLE_INPUT: DoneInput = {
  deployment: {
    id: 'staging/storefront/7',
    target: 'staging/storefront',
    environment: 'staging',
    component: 'storefront',
    change: {
      id: 'CHG-1042',
      summary: 'Show delivery dates on the product page',
      reason: 'Customers ask support for them; SHOP-881',
      requestedBy: 'alice',
      carries: ['CHG-1042'],
    },
    revision: '4f0c1d2e3a4b5c6d7e8f90a1b2c3d4e5f6a7b8c9',
    version: '20261123.4f0c1d2e3a4b.9e107d9d',
    digest: `sha256:${'9e107d9d'.repeat(8)}`,
    from: '20261120.0a1b2c3d4e5f.1c2d3e4f',
  },
  stages: STAGES.slice(0, -1).map((stage) => ({ stage, result: 'passed', seconds: 1 })),
  soak: { held: true, seconds: 30, samples: 30, answers: 300, errors: 0 },
  smoke: [{ name: 'home page', passed: true }],
  component: { kind: 'storefront', owner: 'team-shop', runbook: 'https://runbooks.example/storefront' },
  metrics: {},
  wayBack: 'proved',
};

/** What is wrong with what an example gives, and where in it. */
export interface ExampleFault {
  readonly path: readonly (string | number)[];
  readonly found?: string;
  readonly expected: string;
  readonly todo: string;
}

/** Puts what an example gives over {@link EXAMPLE_INPUT}. Mappings are merged; a list is given whole. */
export function inputOf(
  given: Readonly<Record<string, unknown>>,
): { readonly input: DoneInput } | { readonly faults: readonly ExampleFault[] } {
  const faults = faultsOf(DONE_FIELDS, given, [], EXAMPLE_INPUT);
  if (faults.length > 0) return { faults };
  return { input: merged(DONE_FIELDS, given, EXAMPLE_INPUT) as DoneInput };
}

function merged(field: Field, given: unknown, standard: unknown): unknown {
  if (given === undefined) return standard;
  return byKind<unknown>(field, {
    primitive: () => given,
    list: () => given,
    map: () => given,
    message: (members) =>
      Object.fromEntries(
        Object.entries(members).map(([name, member]) => [
          name,
          merged(member, Object(given)[name], Object(standard)[name]),
        ]),
      ),
  });
}

/** `standard` undefined: nothing stands in for what is missing here. */
function faultsOf(field: Field, value: unknown, path: readonly (string | number)[], standard: unknown): ExampleFault[] {
  const at = (key: string | number, of: Field, each: unknown, beneath?: unknown): ExampleFault[] =>
    faultsOf(of, each, [...path, key], beneath);
  if (value === undefined) {
    return standard === undefined ? [{ path, found: 'nothing', expected: expectedOf(field), todo: 'add it' }] : [];
  }
  return byKind<ExampleFault[]>(field, {
    primitive: (type) => (IS_OF[type](value) ? [] : [{ path, expected: expectedOf(field), todo: 'correct it' }]),
    list: (entry) =>
      Array.isArray(value)
        ? value.flatMap((each: unknown, index) => at(index, entry, each))
        : [{ path, expected: expectedOf(field), todo: 'correct it' }],
    map: (each) =>
      isMapping(value)
        ? Object.entries(value).flatMap(([key, held]) => at(key, each, held))
        : [{ path, expected: expectedOf(field), todo: 'correct it' }],
    message: (members) => {
      if (!isMapping(value)) return [{ path, expected: expectedOf(field), todo: 'correct it' }];
      const names = Object.keys(members);
      const unknown = Object.keys(value).filter((key) => !Object.hasOwn(members, key));
      return [
        ...unknown.map((key) => unknownField([...path, key], names)),
        ...Object.entries(members).flatMap(([name, member]) => at(name, member, value[name], Object(standard)[name])),
      ];
    },
  });
}

function unknownField(path: readonly (string | number)[], names: readonly string[]): ExampleFault {
  const nearest = nearestOf(String(path.at(-1)), names);
  const todo = nearest === null ? 'remove it' : `did you mean ${nearest}?`;
  return { path, found: 'an unknown field', expected: `one of ${names.join(', ')}`, todo };
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const IS_OF: Readonly<Record<Primitive, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  bool: (value) => typeof value === 'boolean',
  int: (value) => Number.isSafeInteger(value),
  double: (value) => Number.isFinite(value),
};

function expectedOf(field: Field): string {
  return byKind(field, {
    primitive: (type) => ({ string: 'text', bool: 'true or false', int: 'a whole number', double: 'a number' })[type],
    list: () => 'a list',
    map: () => 'a mapping',
    message: () => 'a mapping',
  });
}
