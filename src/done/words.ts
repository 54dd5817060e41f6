import type { ASTNode } from '@marcbachmann/cel-js';
import { DONE_FIELDS } from '../contract/done.ts';

/** Something in a rule that its language has, and a Definition of Done does not take. */
export interface Misuse {
  /** Offset in the rule. */
  readonly at: number;
  readonly found: string;
  readonly expected: string;
  readonly todo: string;
}

/**
 * What rules may call: all of it gives one answer for one input, in time that grows with the input. Not `matches`, whose
 * expressions may take minutes; not `dyn` and what else takes the types away; not `bind`; nothing about time zones.
 */
const CALLS = ['has', 'size', 'int', 'double', 'string'];
const LOOPS = ['all', 'exists', 'exists_one', 'filter', 'map'];
const METHODS = [...LOOPS, 'size', 'contains', 'startsWith', 'endsWith', 'lowerAscii', 'upperAscii', 'trim'];

const INSTEAD: Readonly<Record<string, string>> = {
  matches: 'use contains, startsWith or endsWith',
  dyn: 'leave it out: every field has a type',
};

/** The first misuse in a parsed rule, or null. */
export function misuseIn(node: ASTNode): Misuse | null {
  const own = misuseAt(node);
  if (own !== null) return own;
  for (const child of childrenOf(node)) {
    const inner = misuseIn(child);
    if (inner !== null) return inner;
  }
  return null;
}

function misuseAt(node: ASTNode): Misuse | null {
  if (node.op === 'call') return misuseOfCall(node, node.args[0], node.args[1]);
  if (node.op === 'rcall') return misuseOfMethod(node, node.args[0], node.args[2]);
  if (node.op === '[]') return misuseOfIndex(node, node.args[0], node.args[1]);
  return null;
}

function misuseOfCall({ start }: ASTNode, name: string, args: readonly ASTNode[]): Misuse | null {
  if (name === 'has') return misuseOfHas(start, args[0]);
  if (CALLS.includes(name)) return null;
  return { at: start, found: `a call of ${name}`, ...remedyOf(name) };
}

function misuseOfMethod({ start }: ASTNode, name: string, args: readonly ASTNode[]): Misuse | null {
  if (!METHODS.includes(name)) return { at: start, found: `a call of ${name}`, ...remedyOf(name) };
  const variable = args[0];
  if (!LOOPS.includes(name) || variable?.op !== 'id' || !Object.hasOwn(DONE_FIELDS, variable.args)) return null;
  const found = `a variable ${variable.args} that hides the field of that name`;
  return { at: variable.start, found, expected: 'a variable with a name of its own', todo: 'rename it' };
}

function remedyOf(name: string): Pick<Misuse, 'expected' | 'todo'> {
  const expected = `no calls but ${[...new Set([...CALLS, ...METHODS])].join(', ')}`;
  return { expected, todo: INSTEAD[name] ?? 'use one of those' };
}

/** Its type is not checked by the language, and every field but a metric is always there: it would be true whatever it is asked. */
function misuseOfHas(at: number, asked: ASTNode | undefined): Misuse | null {
  if (asked?.op === '.' && isMetrics(asked.args[0])) return null;
  const expected = 'has(metrics.NAME): every other field is there, or is unknown';
  return { at, found: 'has of something else than a metric', expected, todo: 'compare the field with "" instead' };
}

/** A field of a message by an expression would have no type. */
function misuseOfIndex({ start }: ASTNode, of: ASTNode, index: ASTNode): Misuse | null {
  if (index.op === 'value' || isMetrics(of)) return null;
  const expected = 'an index or a name written out (of metrics, any)';
  return { at: start, found: 'an index that is an expression', expected, todo: 'use all, exists or filter' };
}

function isMetrics(node: ASTNode): boolean {
  return node.op === 'id' && node.args === 'metrics';
}

function childrenOf({ args }: ASTNode): readonly ASTNode[] {
  return [args].flat(3).filter(isNode);
}

function isNode(each: unknown): each is ASTNode {
  return typeof each === 'object' && each !== null && 'op' in each;
}
