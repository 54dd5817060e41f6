import { z } from 'zod';
import { judgeApartSync, NOT_REACHED, type Question } from '../done/apart.ts';
import { BUILT_IN_RULES } from '../done/built-in.ts';
import { inputOf } from '../done/example.ts';
import { faultOfRule, type Outcome } from '../done/rule.ts';
import { name, word } from './words.ts';

/** Milliseconds that all examples of a file may take together. */
const EXAMPLES_WITHIN = 2_000;

/** What a rule comes to for a deployment like this one. */
const example = z
  .strictObject({
    /** Fields of the record; the others are those of a deployment that completes. `{}` unless given. */
    given: z.looseObject({}).default({}),
    expect: z.boolean(),
  })
  .check(({ value, issues }) => {
    const made = inputOf(value.given);
    for (const { path, found, expected, todo } of 'faults' in made ? made.faults : []) {
      const params = found === undefined ? { todo } : { found, todo };
      issues.push({ code: 'custom', path: ['given', ...path], input: value.given, message: expected, params });
    }
  });

const rule = z
  .strictObject({
    name: word.min(1).max(80),
    /** An expression in CEL over the record, of type bool. */
    rule: word.min(1).max(1000),
    /** Where it counts; everywhere unless given. */
    environments: z.array(name).min(1).optional(),
    /** What to do when it does not hold. */
    message: word.min(1).max(400).optional(),
    /** Held to when the file is loaded; `[]` unless given. */
    examples: z.array(example).max(20).default([]),
  })
  .check(({ value, issues }) => {
    const { name: input } = value;
    if (BUILT_IN_RULES.some((builtIn) => builtIn.name === input)) {
      const params = { todo: 'rename it: a rule of the contract is built in and not to be removed' };
      issues.push({ code: 'custom', path: ['name'], input, message: 'a name of its own', params });
    }
    const fault = faultOfRule(value.rule);
    if (fault === null) return;
    const { character, expected, todo } = fault;
    const found = `${fault.found} (rule ${JSON.stringify(input)}, character ${character})`;
    issues.push({ code: 'custom', path: ['rule'], input: value.rule, message: expected, params: { found, todo } });
  });

/** The platform's own part of the Definition of Done (§11), beside what the contract demands. */
export const definitionOfDone = z
  .array(rule)
  .max(50)
  .check(({ value, issues }) => {
    const names = new Set<string>();
    for (const [index, { name: input }] of value.entries()) {
      if (names.has(input)) {
        const message = 'each rule under a name of its own';
        issues.push({ code: 'custom', path: [index, 'name'], input, message, params: { todo: 'rename it' } });
      }
      names.add(input);
    }
    for (const { of, expect, at, found } of surprisesIn(value)) {
      const message = `${expect}, as the example of the rule ${JSON.stringify(of.name)} says`;
      const params = { found, todo: 'correct the rule or the example' };
      issues.push({ code: 'custom', path: [...at, 'expect'], input: expect, message, params });
    }
  })
  .default([]);

type Rule = z.output<typeof rule>;

interface Case extends Question {
  readonly of: Rule;
  readonly expect: boolean;
  readonly at: readonly (string | number)[];
}

/** The examples that do not come out as they say. */
function surprisesIn(rules: readonly Rule[]): readonly (Case & { readonly found: string })[] {
  const cases = rules.flatMap((of, index) => casesOf(of, [index, 'examples']));
  const outcomes = judged(cases.map(({ rule: text, input }) => ({ rule: text, input })));
  return cases.flatMap((each, index) => {
    const outcome = outcomes[index];
    if (outcome === undefined || ('fault' in outcome && outcome.fault === NOT_REACHED)) return [];
    if ('fault' in outcome) return { ...each, found: `no answer (${outcome.fault})` };
    return outcome.holds === each.expect ? [] : { ...each, found: String(outcome.holds) };
  });
}

function casesOf(of: Rule, at: readonly (string | number)[]): readonly Case[] {
  return of.examples.flatMap(({ given, expect }, index) => {
    const made = inputOf(given);
    return 'input' in made ? { of, rule: of.rule, input: made.input, expect, at: [...at, index] } : [];
  });
}

/** The last that was judged: every stage of a deployment reads the same file again. */
let last: { readonly asked: string; readonly outcomes: readonly Outcome[] } | null = null;

function judged(questions: readonly Question[]): readonly Outcome[] {
  if (questions.length === 0) return [];
  const asked = JSON.stringify(questions);
  if (last?.asked !== asked) last = { asked, outcomes: judgeApartSync(questions, EXAMPLES_WITHIN) };
  return last.outcomes;
}
