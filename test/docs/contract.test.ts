import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { page, ROOT, tableUnder } from './fences.ts';
import agreed from './contract-statements.json' with { type: 'json' };
import { statementsOf } from './statements.ts';

const PAGE = page('docs/contract.md');
/** The contract itself is not part of this repository; where it lies beside it, it is read. */
const CONTRACT = join(ROOT, '../shared/contract/DEPLOYMENT_PIPELINE.md');
/** Statements that ask nothing of an implementation. */
const NOTHING_TO_ENFORCE = [
  'define CI/CD tooling',
  'provide pipeline configuration',
  'prescribe infrastructure commands',
  'This document is DRAFT',
  'No freeze applied',
];

interface Row {
  readonly clause: string;
  readonly text: string;
  readonly enforcedBy: readonly Reference[];
  readonly tests: readonly Reference[];
  readonly howFar: string;
}

/** `path` and what stands after it: exported names, a heading, or the title of a test. */
interface Reference {
  readonly path: string;
  readonly rest: string;
}

const ROWS = [...PAGE.matchAll(/^## ((§\d+) .+)$/gm)].flatMap(([, heading = '', clause = '']) =>
  tableUnder(PAGE, heading).map(([text = '', enforcedBy = '', tests = '', howFar = '']): Row => {
    return { clause, text, enforcedBy: referencesIn(enforcedBy), tests: referencesIn(tests), howFar };
  }),
);

describe('docs/contract.md', () => {
  test('gives every statement of the contract a row, in its own words', () => {
    expect(ROWS.map(({ clause, text }) => ({ clause, text }))).toEqual(agreed);
  });

  test.runIf(existsSync(CONTRACT))('goes by the statements that the contract makes now', () => {
    expect(agreed).toEqual(statementsOf(readFileSync(CONTRACT, 'utf8')));
  });

  test('says of every statement what enforces it and which test fails without it', () => {
    const silent = ROWS.filter(({ enforcedBy, tests }) => enforcedBy.length === 0 || tests.length === 0);
    expect(silent.map(({ text }) => text)).toEqual(NOTHING_TO_ENFORCE);
    expect(silent.filter(({ howFar }) => howFar === '')).toEqual([]);
  });

  test('names files, exports and headings that exist', () => {
    expect(ROWS.flatMap(({ enforcedBy }) => enforcedBy.flatMap(missingFrom))).toEqual([]);
  });

  test('names tests that exist, by file and title', () => {
    expect(ROWS.flatMap(({ tests }) => tests).filter((reference) => !isTest(reference))).toEqual([]);
  });
});

function referencesIn(cell: string): Reference[] {
  const parts = cell.split('<br>').filter((part) => part !== '');
  return parts.map((part) => {
    const [, path = part, rest = ''] = /^`([^`]+)` (.+)$/.exec(part) ?? [];
    return { path, rest };
  });
}

function read(path: string): string | null {
  const file = join(ROOT, path);
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}

/** What a reference names and the file does not have: exports of code, a heading of a page. */
function missingFrom({ path, rest }: Reference): string[] {
  const text = read(path);
  if (text === null || rest === '') return [`${path} ${rest}`];
  const has = path.endsWith('.md')
    ? (heading: string) => new RegExp(`^#+ ${escaped(heading)}$`, 'm').test(text)
    : (name: string) =>
        new RegExp(`^export (?:async )?(?:function|const|class|interface|type) ${name}\\b`, 'm').test(text);
  const names = path.endsWith('.md') ? [rest] : rest.split(', ');
  return names.filter((name) => !has(name)).map((name) => `${path} ${name}`);
}

/** Whether a file has a test, or a group of them, of that title, as it is written there, which is not left out. */
function isTest({ path, rest }: Reference): boolean {
  const text = read(path) ?? '';
  const quote = `['"\`]`;
  return new RegExp(`(?<!skip|todo|fails)\\(\\s*${quote}${escaped(rest)}${quote},`).test(text);
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
