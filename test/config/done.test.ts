import { expect, test } from 'vitest';
import { parsePlatform } from '../../src/config/load.ts';
import { SlipwayError } from '../../src/contract/failure.ts';
import { BUILT_IN_RULES } from '../../src/done/built-in.ts';

const HEAD = `apiVersion: slipway/v1
sources: [{ name: shop, url: ../shop.git }]
environments: { staging: {} }
definitionOfDone:
`;
const OWNED = `  - name: owner named
    rule: component.owner != ""
    environments: [staging]
    message: name one in slipway.yaml
    examples:
      - { given: { component: { owner: "" } }, expect: false }
      - { expect: true }
`;

const read = (rules: string) => parsePlatform(Buffer.from(HEAD + rules)).definitionOfDone;

function refusal(rules: string): string {
  try {
    read(rules);
  } catch (error) {
    if (error instanceof SlipwayError) return error.message;
    throw error;
  }
  throw new Error('it was accepted');
}

test('a Definition of Done is read with its defaults filled in; without one there are no rules but the built-in ones', () => {
  expect(read(OWNED)).toEqual([
    {
      name: 'owner named',
      rule: 'component.owner != ""',
      environments: ['staging'],
      message: 'name one in slipway.yaml',
      examples: [
        { given: { component: { owner: '' } }, expect: false },
        { given: {}, expect: true },
      ],
    },
  ]);
  expect(read('  []')).toEqual([]);
  expect(parsePlatform(Buffer.from(HEAD.replace('definitionOfDone:\n', ''))).definitionOfDone).toEqual([]);
});

test('a rule whose types do not fit is refused by its name, with its place and what was likely meant', () => {
  expect(refusal(OWNED.replace('component.owner', 'component.ownr'))).toBe(
    'platform.yaml:6:11  definitionOfDone.0.rule: found the unknown field ownr (rule "owner named", character 11), ' +
      'expected an expression over the declared fields that is true or false; did you mean owner?',
  );
  expect(refusal('  - { name: a, rule: soak.samples }\n')).toBe(
    'platform.yaml:5:22  definitionOfDone.0.rule: found an expression of type int (rule "a", character 1), ' +
      'expected an expression over the declared fields that is true or false; compare it with something',
  );
});

test('matches is refused, and says what to use', () => {
  expect(refusal('  - { name: a, rule: \'component.owner.matches("^(a+)+$")\' }\n')).toMatch(
    /^platform.yaml:5:22 {2}definitionOfDone.0.rule: found a call of matches .*; use contains, startsWith or endsWith$/,
  );
});

test('an example that comes out otherwise is refused', () => {
  expect(refusal(OWNED.replace('{ expect: true }', '{ expect: false }'))).toBe(
    'platform.yaml:11:19  definitionOfDone.0.examples.1.expect: found true, ' +
      'expected false, as the example of the rule "owner named" says; correct the rule or the example',
  );
  expect(refusal('  - { name: a, rule: metrics.p95 < 0.3, examples: [{ expect: true }] }\n')).toMatch(
    /examples.0.expect: found no answer \(No such key: p95\), expected true, as the example of the rule "a" says/,
  );
});

test('an example that gives what the record does not have is refused, all at once', () => {
  const given = `{ componet: {}, component: { owner: 1, kindd: a }, stages: [{ stage: build, result: passed }],
      soak: { samples: 1.5 }, metrics: { a: x }, smoke: {}, deployment: [], wayBack: null }`;
  expect(
    refusal(`  - { name: a, rule: soak.held, examples: [{ given: ${given}, expect: true }] }\n`).split('\n'),
  ).toEqual([
    expect.stringMatching(/given.componet: found an unknown field, expected one of .*; did you mean component\?$/),
    expect.stringMatching(/given.component.owner: found 1, expected text; /),
    expect.stringMatching(
      /given.component.kindd: found an unknown field, expected one of kind, owner, runbook; .*kind\?/,
    ),
    expect.stringMatching(/given.stages.0.seconds: found nothing, expected a number; add it$/),
    expect.stringMatching(/given.soak.samples: found 1.5, expected a whole number; /),
    expect.stringMatching(/given.metrics.a: found "x", expected a number; /),
    expect.stringMatching(/given.smoke: found a mapping, expected a list; /),
    expect.stringMatching(/given.deployment: found an empty list, expected a mapping; /),
    expect.stringMatching(/given.wayBack: found an empty value, expected text; /),
  ]);
});

test('an example that would take for ever is refused, and reading goes on', () => {
  const endless = Array.from({ length: 15 }, (_, n) => n).reduce(
    (rule, n) => `stages.all(s${n}, ${rule})`,
    'soak.held',
  );
  const rules = `  - { name: endless, rule: '${endless}', examples: [{ expect: true }, { expect: true }] }\n`;
  expect(refusal(rules + OWNED)).toMatch(
    /^platform.yaml:5:\d+ {2}definitionOfDone.0.examples.0.expect: found no answer \(it did not end within 2000 ms\), .*"endless".*$/,
  );
});

test.each(BUILT_IN_RULES.map(({ name }) => name))('a rule under the built-in name "%s" is refused', (name) => {
  expect(refusal(`  - { name: ${name}, rule: "true" }\n`)).toBe(
    `platform.yaml:5:13  definitionOfDone.0.name: found ${JSON.stringify(name)}, expected a name of its own; ` +
      'rename it: a rule of the contract is built in and not to be removed',
  );
});

test('two rules under one name are refused', () => {
  expect(refusal(OWNED + OWNED)).toBe(
    'platform.yaml:12:11  definitionOfDone.1.name: found "owner named", expected each rule under a name of its own; rename it',
  );
});

test('an environment that the file does not declare is refused', () => {
  expect(refusal(OWNED.replace('[staging]', '[staging, prod]'))).toBe(
    'platform.yaml:7:29  definitionOfDone.0.environments.1: found "prod", expected an environment of this file; ' +
      'declare it under `environments`, or remove it here',
  );
});

test.each([
  [
    'more than fifty rules',
    Array.from({ length: 51 }, (_, n) => `  - { name: r${n}, rule: "true" }\n`).join(''),
    'at most 50 entries',
  ],
  [
    'a rule of more than 1000 characters',
    `  - { name: a, rule: 'soak.held${' '.repeat(1000)}' }\n`,
    'at most 1000 characters',
  ],
  ['a name of more than 80', `  - { name: ${'a'.repeat(81)}, rule: "true" }\n`, 'at most 80 characters'],
  ['an empty name', '  - { name: "", rule: "true" }\n', 'at least one character'],
  ['no rule', '  - { name: a }\n', 'text'],
  ['a rule that is not quoted', '  - { name: a, rule: true }\n', 'text; put it in quotes'],
  [
    'a key of its own',
    '  - { name: a, rule: "true", severity: low }\n',
    'one of name, rule, environments, message, examples',
  ],
])('%s is refused', (_, rules, expected) => {
  expect(refusal(rules)).toContain(`expected ${expected}`);
});
