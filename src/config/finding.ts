/** One thing that is wrong with a file that a person wrote. */
export interface Finding {
  /** Both counted from 1. */
  readonly line: number;
  readonly column: number;
  /** Keys and indexes from the top of the file; empty when the whole file is meant. */
  readonly path: readonly PropertyKey[];
  readonly found: string;
  readonly expected: string;
  /** What the person can do about it. */
  readonly todo: string;
}

/** More than this helps nobody, and a message has to fit into a workflow's history. */
const SHOWN = 20;

/** The findings in the order of the file, one line each: `file:line:column  path: found X, expected Y; do Z`. */
export function formatFindings(file: string, findings: readonly Finding[]): string {
  const lines = findings
    .toSorted((a, b) => a.line - b.line || a.column - b.column)
    .slice(0, SHOWN)
    .map(({ line, column, path, found, expected, todo }) => {
      const where = path.length === 0 ? '' : `${formatPath(path)}: `;
      return `${file}:${line}:${column}  ${where}found ${found}, expected ${expected}; ${todo}`;
    });
  if (findings.length > SHOWN) lines.push(`${file}: and ${findings.length - SHOWN} more`);
  return lines.join('\n');
}

/** A value as it is shown to the person who wrote it: short, on one line, no control characters. */
export function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'an empty value';
  if (typeof value === 'string') return quote(value);
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : 'a mapping';
}

/** In quotes, cut after 60 characters. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

function formatPath(path: readonly PropertyKey[]): string {
  return path.map((key) => (/^[\w/-]{1,60}$/.test(String(key)) ? String(key) : quote(String(key)))).join('.');
}
