import type { Context } from '@marcbachmann/cel-js';
import { DONE_FIELDS, type DoneInput } from '../contract/done.ts';
import { byKind, type Field } from './field.ts';
import { language, valuesOf } from './language.ts';
import { nearestOf } from './nearest.ts';
import { misuseIn } from './words.ts';

/** A rule of the platform file. */
export interface DoneRule {
  readonly name: string;
  /** An expression in CEL over {@link DoneInput} that is true or false. */
  readonly rule: string;
  /** Where it counts; everywhere unless given. */
  readonly environments?: readonly string[] | undefined;
  /** What to do when it does not hold. */
  readonly message?: string | undefined;
}

/** What is wrong with the text of a rule, for the person who wrote it. */
export interface RuleFault {
  /** Counted from 1, in the rule's own text. */
  readonly character: number;
  readonly found: string;
  readonly expected: string;
  readonly todo: string;
}

/** What a rule comes to for one input: an answer, or why there is none. */
export type Outcome = { readonly holds: boolean } | { readonly fault: string };

interface Compiled {
  readonly evaluate: (context: Context) => unknown;
}

/** Parses a rule and checks its types against the input's. Evaluates nothing. */
export function faultOfRule(text: string): RuleFault | null {
  const compiled = compile(text);
  return 'evaluate' in compiled ? null : compiled;
}

/** Evaluates a rule, for as long as that takes: those of platform files are judged apart. */
export function judge(text: string, input: DoneInput): Outcome {
  const compiled = compile(text);
  if (!('evaluate' in compiled)) return { fault: `${compiled.found} at character ${compiled.character}` };
  try {
    const answer = compiled.evaluate(valuesOf(input));
    return typeof answer === 'boolean' ? { holds: answer } : { fault: 'it is neither true nor false' };
  } catch (error) {
    return { fault: reasonOf(error) };
  }
}

function compile(text: string): Compiled | RuleFault {
  const cel = language();
  let parsed: ReturnType<typeof cel.parse>;
  try {
    parsed = cel.parse(text);
  } catch (error) {
    return { ...placed(error), expected: 'an expression in CEL', todo: 'correct it' };
  }
  const misuse = misuseIn(parsed.ast);
  if (misuse !== null) {
    const { at, ...said } = misuse;
    return { character: at + 1, ...said };
  }
  const { type, error } = parsed.check();
  if (type === 'bool') return { evaluate: parsed };
  const expected = 'an expression over the declared fields that is true or false';
  if (error !== undefined) return { ...placed(error), expected, ...remedyOf(error) };
  return { character: 1, found: `an expression of type ${type}`, expected, todo: 'compare it with something' };
}

function placed(error: unknown): Pick<RuleFault, 'character' | 'found'> {
  const { range } = error as { readonly range?: { readonly start: number } };
  return { character: (range?.start ?? 0) + 1, found: reasonOf(error) };
}

/** Without the excerpt of the rule that the engine puts beneath its messages. */
function reasonOf(error: unknown): string {
  const { summary, message } = error as { readonly summary?: string; readonly message?: string };
  return (summary ?? message ?? String(error)).split('\n', 1).join('').slice(0, 200);
}

/** What to do about an error of types, and what was found where the engine's own words need the field list beside them. */
function remedyOf(error: unknown): Pick<RuleFault, 'todo'> & Partial<Pick<RuleFault, 'found'>> {
  const reason = reasonOf(error);
  if (reason.startsWith('no such overload')) {
    return { todo: 'compare values of one type (5 is an int, 5.0 a double, double(x) makes one)' };
  }
  const unknown = /^(?:No such key|Unknown variable): (\w+)$/.exec(reason)?.[1];
  if (unknown === undefined) return { todo: 'correct it' };
  const nearest = nearestOf(unknown, namesIn(DONE_FIELDS));
  const todo = nearest === null ? 'use a field that docs/files.md lists' : `did you mean ${nearest}?`;
  return { found: `the unknown field ${unknown}`, todo };
}

function namesIn(field: Field): string[] {
  return byKind(field, {
    primitive: () => [],
    list: namesIn,
    map: namesIn,
    message: (members) => Object.entries(members).flatMap(([name, member]) => [name, ...namesIn(member)]),
  });
}
