import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The repository. */
export const ROOT = resolve(import.meta.dirname, '../..');

/** A page of the documentation, by its path from the root. */
export function page(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** The fenced blocks of a page whose info string is exactly `info`, in order, as they stand. */
export function fences(text: string, info: string): string[] {
  return [...text.matchAll(/^```([^\n`]*)\n(.*?)^```$/gms)]
    .filter(([, given]) => given === info)
    .map(([, , block = '']) => block);
}

/** The rows of every table under a heading of any level, as their cells; heads and rules are left out. */
export function tableUnder(text: string, heading: string): string[][] {
  const lines = text.split('\n');
  const from = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, '') === heading);
  if (from < 0) throw new Error(`there is no heading "${heading}"`);
  const after = lines.slice(from + 1);
  const end = after.findIndex((line) => /^#+ /.test(line));
  return rowsOf(end < 0 ? after : after.slice(0, end));
}

function rowsOf(lines: readonly string[]): string[][] {
  return lines
    .filter((line, index) => line.startsWith('|') && !isRule(line) && !isRule(lines[index + 1] ?? ''))
    .map((line) =>
      line
        .slice(1, line.lastIndexOf('|'))
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim().replaceAll('\\|', '|')),
    );
}

function isRule(line: string): boolean {
  return /^\|[-| :]+\|$/.test(line);
}

/** What stands in backticks in some text, in order. */
export function codeIn(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
}
