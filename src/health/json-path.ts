import type { JSONValue } from 'json-p3';
import { compileJsonPath } from '../config/json-path.ts';
import type { JsonTest } from '../config/smoke-test.ts';
import { clipped } from './excerpt.ts';

/** One place in a document, and what stood there. */
export interface JsonLook {
  /** What was expected, as a phrase. */
  readonly what: string;
  readonly passed: boolean;
  /** What was found, as a phrase: scalars cut short, and never what is in a list or an object. */
  readonly found: string;
}

/** Looks at the places of a body that is JSON. A body that is none, and a path that finds nothing, pass nothing. Pure. */
export function lookAtJson(tests: readonly JsonTest[], body: string): readonly JsonLook[] {
  if (tests.length === 0) return [];
  const document = parsed(body);
  return tests.map((test) => {
    const what = expectedPlace(test);
    if (document === null) return { what, passed: false, found: 'a body that is no JSON' };
    const node = compileJsonPath(test.path).match(document.value);
    if (node === undefined) return { what, passed: false, found: `nothing at ${test.path}` };
    const { value } = node;
    return { what, passed: !('equals' in test) || value === test.equals, found: `${test.path} is ${shown(value)}` };
  });
}

/** What a test expects of its place, as a phrase. */
export function expectedPlace(test: JsonTest): string {
  return 'equals' in test ? `${test.path} is ${shown(test.equals)}` : `${test.path} is there`;
}

function parsed(body: string): { readonly value: JSONValue } | null {
  try {
    return { value: JSON.parse(body) as JSONValue };
  } catch {
    return null;
  }
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  return typeof value === 'string' ? JSON.stringify(clipped(value, 80)) : String(value);
}
