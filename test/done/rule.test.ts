import { describe, expect, test } from 'vitest';
import { DONE_FIELDS } from '../../src/contract/done.ts';
import { EXAMPLE_INPUT } from '../../src/done/example.ts';
import { faultOfRule, judge } from '../../src/done/rule.ts';

describe('a rule is read as a typed expression over the record', () => {
  test.each([
    'component.owner != "" && component.runbook != ""',
    'stages.all(s, s.result == "passed" && s.seconds < 600.0)',
    'stages.map(s, s.seconds)[0] < 60',
    'soak.samples >= 20 && soak.seconds >= 30',
    'double(soak.errors) <= double(soak.answers) * 0.01',
    'smoke.exists(t, t.name == "home page" && t.passed)',
    'smoke.filter(t, t.name.startsWith("home")).size() > 0',
    '!has(metrics.p95) || metrics.p95 < 0.3',
    'metrics.all(name, metrics[name] < 1.0)',
    '"CHG-1042" in deployment.change.carries',
    'deployment.from == "" || wayBack in ["proved", "first"]',
    'deployment.change.reason.trim().size() > 10',
  ])('%s', (rule) => {
    expect(faultOfRule(rule)).toBe(null);
    expect(judge(rule, EXAMPLE_INPUT)).toEqual({ holds: true });
  });

  test.each(['soak.held == false', 'wayBack == "none"', 'size(deployment.change.carries) > 1'])(
    'and is false where the record says so: %s',
    (rule) => expect(judge(rule, EXAMPLE_INPUT)).toEqual({ holds: false }),
  );

  test('every published field is there, under its type', () => {
    for (const [path, type] of leavesOf(DONE_FIELDS)) {
      const same = { string: '""', bool: 'true', int: '1', double: '1.0' }[type] ?? '';
      expect([path, faultOfRule(`${path} == ${same} || true`)]).toEqual([path, null]);
      const other = type === 'string' ? '1' : '""';
      expect([path, faultOfRule(`${path} == ${other} || true`)?.found]).not.toEqual([path, undefined]);
    }
  });
});

describe('what is no such expression is refused, with its place', () => {
  const EXPECTED = 'an expression over the declared fields that is true or false';
  test.each([
    ['component.ownr != ""', 11, 'the unknown field ownr', EXPECTED, 'did you mean owner?'],
    ['stages.all(s, s.state == "x")', 17, 'the unknown field state', EXPECTED, 'did you mean stage?'],
    ['nonsense == 1', 1, 'the unknown field nonsense', EXPECTED, 'use a field that docs/files.md lists'],
    ['soak.samples', 1, 'an expression of type int', EXPECTED, 'compare it with something'],
    [
      'soak.samples == 5.0',
      1,
      'no such overload: int == double',
      EXPECTED,
      'compare values of one type (5 is an int, 5.0 a double, double(x) makes one)',
    ],
    ['soak.held &&', 13, 'Unexpected token: EOF', 'an expression in CEL', 'correct it'],
    [`${'('.repeat(200)}true`, 65, 'Exceeded maxDepth (64)', 'an expression in CEL', 'correct it'],
  ])('%s', (rule, character, found, expected, todo) => {
    expect(faultOfRule(rule)).toEqual({ character, found, expected, todo });
  });
});

describe('what takes types, bounds or determinism away is refused', () => {
  test.each([
    ['component.owner.matches("^(a+)+$")', 1, 'a call of matches', 'use contains, startsWith or endsWith'],
    ['soak.held || wayBack.matches("a")', 14, 'a call of matches', 'use contains, startsWith or endsWith'],
    ['stages.all(s, s.stage.matches("a"))', 15, 'a call of matches', 'use contains, startsWith or endsWith'],
    ['["a"].exists(x, [wayBack.matches("a")][0])', 18, 'a call of matches', 'use contains, startsWith or endsWith'],
    ['(soak.held ? wayBack.matches("a") : true)', 14, 'a call of matches', 'use contains, startsWith or endsWith'],
    ['{"a": wayBack.matches("a")}["a"]', 7, 'a call of matches', 'use contains, startsWith or endsWith'],
    ['!wayBack.matches("a")', 2, 'a call of matches', 'use contains, startsWith or endsWith'],
    ['size(string(wayBack.matches("a"))) > 0', 13, 'a call of matches', 'use contains, startsWith or endsWith'],
    ['dyn(soak).held', 1, 'a call of dyn', 'leave it out: every field has a type'],
    ['b"{}".json().a == 1', 1, 'a call of json', 'use one of those'],
    ['cel.bind(x, soak.held, x)', 1, 'a call of bind', 'use one of those'],
    ['timestamp(0).getHours("Europe/Berlin") == 1', 1, 'a call of getHours', 'use one of those'],
    ['has(component.owner)', 1, 'has of something else than a metric', 'compare the field with "" instead'],
    ['has(component.ownr)', 1, 'has of something else than a metric', 'compare the field with "" instead'],
    ['stages.all(s, has(s.nothing))', 15, 'has of something else than a metric', 'compare the field with "" instead'],
    ['component["ow" + "nr"] == ""', 1, 'an index that is an expression', 'use all, exists or filter'],
    ['stages.all(metrics, has(metrics.x))', 12, 'a variable metrics that hides the field of that name', 'rename it'],
  ])('%s', (rule, character, found, todo) => {
    expect(faultOfRule(rule)).toMatchObject({ character, found, todo });
    expect(judge(rule, EXAMPLE_INPUT)).toEqual({ fault: `${found} at character ${character}` });
  });
});

test.each([
  ['metrics.p95 < 0.3', 'No such key: p95'],
  ['stages[6].seconds < 1.0', expect.stringMatching(/out of bounds/) as string],
  ['soak.samples / 0 == 1', 'division by zero'],
  ['int(component.owner) == 1', 'int() type error: cannot convert to int'],
])('a rule that gives no answer says why: %s', (rule, fault) => {
  expect(faultOfRule(rule)).toBe(null);
  expect(judge(rule, EXAMPLE_INPUT)).toEqual({ fault });
});

function leavesOf(field: unknown, at = ''): [path: string, type: string][] {
  if (typeof field === 'string') return [[at, field]];
  if (Array.isArray(field)) return leavesOf(field[0], `${at}[0]`);
  return Object.entries(Object(field)).flatMap(([name, member]) =>
    leavesOf(member, at === '' ? name : `${at}.${name === '*' ? 'any' : name}`),
  );
}
