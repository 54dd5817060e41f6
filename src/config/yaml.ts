import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, visit } from 'yaml';
import type { Finding } from './finding.ts';
import { describe } from './finding.ts';
import { nestsDeeperThan } from './nesting.ts';

const MAX_BYTES = 256 * 1024;
/** Far beyond every schema, and far below what a recursive reader survives. */
const MAX_NESTING = 32;

/** A file that is YAML as we take it: one mapping with unique textual keys. */
export interface YamlFile {
  readonly value: unknown;
  /** Line and column (from 1) of the value at `path`, of its key, or of the nearest thing above it that is there. */
  locate(path: readonly PropertyKey[], part: 'key' | 'value'): { line: number; column: number };
}

/**
 * YAML 1.2, read strictly. What YAML allows and people do not mean is refused with its place: duplicate keys, keys that
 * are no text, tags, several documents, aliases that grow without bound.
 */
export function parseYaml(bytes: Uint8Array): YamlFile | { readonly findings: readonly Finding[] } {
  const whole = (found: string, expected: string, todo: string): { findings: Finding[] } => ({
    findings: [{ line: 1, column: 1, path: [], found, expected, todo }],
  });

  if (bytes.byteLength > MAX_BYTES) {
    return whole(`${bytes.byteLength} bytes`, `at most ${MAX_BYTES}`, 'make the file smaller');
  }
  const text = decode(bytes);
  if (text === null) return whole('bytes that are not UTF-8', 'text in UTF-8', 'save the file as UTF-8');
  if (nestsDeeperThan(text, MAX_NESTING)) {
    return whole('values nested too deeply', `at most ${MAX_NESTING} levels`, 'write it flatter');
  }

  const lines = new LineCounter();
  // Its own check of unique keys is quadratic: 20,000 keys took 3.5 s.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const findings = [...syntaxFindings(document, lines), ...keyFindings(document, lines)];
  if (findings.length > 0) return { findings };
  if (!isMap(document.contents)) {
    return whole(describe(document.toJS()), 'a mapping of keys to values', 'begin with `key: value` lines');
  }
  try {
    return { value: document.toJS(), locate: (path, part) => positionOf(lines, nodeAt(document, path, part)) };
  } catch (error) {
    // Only aliases fail here: unresolved, or beyond the reader's own limit.
    const reason = error instanceof Error ? error.message : String(error);
    return whole(
      `aliases that cannot be followed (${reason})`,
      'few aliases of earlier anchors',
      'write the values out',
    );
  }
}

function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

function syntaxFindings(document: Document, lines: LineCounter): Finding[] {
  return [...document.errors, ...document.warnings].map((problem) => ({
    ...positionOf(lines, problem.pos[0]),
    path: [],
    found: SYNTAX[problem.code]?.found ?? `a mistake in the YAML (${problem.message})`,
    expected: SYNTAX[problem.code]?.expected ?? 'YAML 1.2',
    todo: SYNTAX[problem.code]?.todo ?? 'correct it',
  }));
}

const SYNTAX: Record<string, Pick<Finding, 'found' | 'expected' | 'todo'>> = {
  TAB_AS_INDENT: { found: 'a tab', expected: 'spaces as indentation', todo: 'replace the tab by spaces' },
  MULTIPLE_DOCS: { found: 'a second document', expected: 'one document a file', todo: 'remove it, with its `---`' },
  TAG_RESOLVE_FAILED: { found: 'a tag', expected: 'plain values', todo: 'remove the tag' },
};

function keyFindings(document: Document, lines: LineCounter): Finding[] {
  const findings: Finding[] = [];
  visit(document, {
    Map(_, map) {
      const seen = new Set<string>();
      for (const { key } of map.items) {
        const at = { ...positionOf(lines, rangeStart(key)), path: [] };
        const name = isScalar(key) ? key.value : undefined;
        // zod passes over a `__proto__` in a record: a key that is ignored in silence.
        if (typeof name !== 'string' || name === '__proto__') {
          const expected = 'keys that are plain text';
          findings.push({
            ...at,
            found: `the key ${describe(name)}`,
            expected,
            todo: 'rename it, or put it in quotes',
          });
        } else if (seen.has(name)) {
          const todo = 'remove one of the two';
          findings.push({ ...at, found: `the key ${describe(name)} again`, expected: 'each key once', todo });
        } else {
          seen.add(name);
        }
      }
    },
  });
  return findings;
}

/** Offset of the node at `path`, or of the nearest one above it that exists. */
function nodeAt(document: Document, path: readonly PropertyKey[], part: 'key' | 'value'): number {
  let node: unknown = document.contents;
  let offset = rangeStart(node);
  for (const [depth, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    const last = depth === path.length - 1;
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && key.value === step);
      if (pair === undefined) return offset;
      const empty = !isAlias(pair.value) && isScalar(pair.value) && pair.value.source === '';
      offset = rangeStart((last && part === 'key') || empty ? pair.key : pair.value);
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      if (node === undefined) return offset;
      offset = rangeStart(node);
    }
  }
  return offset;
}

function rangeStart(node: unknown): number {
  return (node as Node | null | undefined)?.range?.[0] ?? 0;
}

function positionOf(lines: LineCounter, offset: number): { line: number; column: number } {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}
