import { closest, distance } from 'fastest-levenshtein';
import type { z } from 'zod';
import { describe, type Finding, quote } from './finding.ts';
import { keysAt, optionsAt } from './schema.ts';
import type { YamlFile } from './yaml.ts';

type Issue = z.core.$ZodIssue;

/**
 * zod's error map: the message of an issue is what was *expected*, as a phrase. A message written in a schema takes its
 * place, so schemas write such phrases too; `params.found` and `params.todo` of a custom issue complete them.
 */
export function expectationOf(issue: z.core.$ZodRawIssue): string {
  if (issue.code === 'invalid_type') return TYPES[issue.expected] ?? issue.expected;
  if (issue.code === 'invalid_value') {
    return issue.values.length === 1 ? quote(String(issue.values[0])) : `one of ${issue.values.map(String).join(', ')}`;
  }
  if (issue.code === 'too_small') return `at least ${sizeOf(issue.origin, Number(issue.minimum))}`;
  if (issue.code === 'too_big') return `at most ${sizeOf(issue.origin, Number(issue.maximum))}`;
  if (issue.code === 'invalid_format' && issue.format === 'starts_with') {
    return `text that begins with ${quote(String(issue.prefix))}`;
  }
  return 'another value';
}

const TYPES: Record<string, string> = {
  string: 'text',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
};

function sizeOf(origin: string, size: number): string {
  if (origin === 'array') return size === 1 ? 'one entry' : `${size} entries`;
  if (origin === 'string') return size === 1 ? 'one character' : `${size} characters`;
  return String(size);
}

/**
 * What a zod issue says to the person who wrote the file. `base` is where `schema` stands in the file: the whole of it,
 * or an alternative of a union, whose issues count from there.
 */
export function explain(
  issue: Issue,
  schema: z.core.$ZodType,
  file: YamlFile,
  base: readonly PropertyKey[] = [],
): Finding[] {
  const path = [...base, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    const known = keysBeside(issue.keys, valueAt(file.value, path), keysAt(schema, issue.path));
    return issue.keys.map((key) => unknownKey([...path, key], known, file));
  }
  if (issue.code === 'invalid_union') {
    const meant = likeliest(issue.errors, optionsAt(schema, issue.path));
    return meant === null ? [] : meant.issues.flatMap((inner) => explain(inner, meant.option, file, path));
  }
  if (issue.code === 'invalid_key') {
    const expected = issue.issues[0]?.message ?? 'another key';
    return [{ ...file.locate(path, 'key'), path, found: describe(path.at(-1)), expected, todo: 'rename the key' }];
  }
  const value = valueAt(file.value, path);
  const own: Partial<Pick<Finding, 'found' | 'todo'>> = (issue.code === 'custom' && issue.params) || {};
  const found = own.found ?? describe(value);
  return [
    { ...file.locate(path, 'value'), path, found, expected: issue.message, todo: own.todo ?? remedy(issue, value) },
  ];
}

/** The keys of those alternatives that know all the rest of what was written. */
function keysBeside(
  unknown: readonly string[],
  value: unknown,
  alternatives: readonly (readonly string[])[],
): string[] {
  const rest = Object.keys(Object(value)).filter((key) => !unknown.includes(key));
  const fitting = alternatives.filter((keys) => rest.every((key) => keys.includes(key)));
  return [...new Set((fitting.length > 0 ? fitting : alternatives).flat())];
}

function unknownKey(path: readonly PropertyKey[], known: readonly string[], file: YamlFile): Finding {
  const key = String(path.at(-1)).slice(0, 100);
  const nearest = closest(key, known);
  const todo = isNear(key, nearest)
    ? `did you mean ${quote(nearest)}?`
    : `remove it (the nearest known key is ${quote(nearest)})`;
  return { ...file.locate(path, 'key'), path, found: 'an unknown key', expected: `one of ${known.join(', ')}`, todo };
}

function remedy(issue: Issue, value: unknown): string {
  if (value === undefined) return 'add it';
  if (issue.code === 'invalid_value' && typeof value === 'string') {
    const nearest = closest(value.slice(0, 100), issue.values.map(String));
    if (isNear(value, nearest)) return `did you mean ${quote(nearest)}?`;
  }
  const scalar = typeof value === 'number' || typeof value === 'boolean';
  return scalar && issue.message === TYPES['string'] ? 'put it in quotes' : 'correct it';
}

/** Of the alternatives of a union, the one that the person most likely meant: least would have to change. */
function likeliest(
  errors: readonly (readonly Issue[])[],
  options: readonly z.core.$ZodType[],
): { readonly issues: readonly Issue[]; readonly option: z.core.$ZodType } | null {
  const ranked = errors.flatMap((issues, index) => {
    const option = options[index];
    return option === undefined ? [] : [{ issues, option, cost: sum(issues.map((issue) => costOf(issue, option))) }];
  });
  return ranked.toSorted((a, b) => a.cost - b.cost)[0] ?? null;
}

function costOf(issue: Issue, option: z.core.$ZodType): number {
  const anotherKind = issue.code === 'invalid_type' && issue.path.length === 0;
  if (issue.code !== 'unrecognized_keys') return anotherKind ? 10 : 1;
  const known = keysAt(option, issue.path).flat();
  return sum(issue.keys.map((key) => distance(key.slice(0, 100), closest(key.slice(0, 100), known))));
}

function isNear(a: string, b: string): boolean {
  return distance(a, b) <= Math.max(2, Math.floor(b.length / 3));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null && Object.hasOwn(at, key) ? Reflect.get(at, key) : undefined),
    value,
  );
}
