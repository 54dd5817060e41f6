import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FAILURES, isFailureCode, type FailureCode } from '../../src/contract/failure.ts';
import { EXIT_OF_RESULT } from '../../src/contract/record.ts';
import { STAGES, type Stage } from '../../src/contract/stages.ts';
import { quarantines, triggerOf } from '../../src/contract/trigger.ts';

/**
 * §17: no stage, result, trigger, failure code or built-in rule changes without an ADR that names the change. The ADRs
 * list them under fixed headings; a later ADR adds rows, or takes rows away under "Removed from …".
 */
const FOLDER = resolve(import.meta.dirname, '../../docs/adr');
const FILES = readdirSync(FOLDER)
  .filter((name) => /^\d{4}-.+\.md$/.test(name))
  .toSorted();
const PAGES = FILES.map((name) => readFileSync(join(FOLDER, name), 'utf8'));

const CODES = Object.keys(FAILURES).filter(isFailureCode);

/** The section under `heading` of one page, or nothing. */
function section(page: string, heading: string): string {
  const [, text = ''] = new RegExp(`^## ${heading}\n(.*?)(?=^## |$(?![^]))`, 'ms').exec(page) ?? [];
  return text;
}

/** Rows of tables and lists that begin with a word in backticks: the word, and the cells after it. */
function rows(text: string): [string, string[]][] {
  return [...text.matchAll(/^(?:\| |\d+\. |- )`([^`]+)`(.*)$/gm)].map(([, word = '', rest = '']) => [
    word,
    rest
      .split('|')
      .map((cell) => cell.trim().replaceAll('`', ''))
      .filter((cell) => cell !== ''),
  ]);
}

/** What the ADRs say under a heading, in order: later rows stand over earlier ones, removed rows are gone. */
function agreed(heading: string): Record<string, string[]> {
  const standing = new Map<string, string[]>();
  for (const page of PAGES) {
    for (const [word] of rows(section(page, `Removed from ${heading}`))) standing.delete(word);
    for (const [word, cells] of rows(section(page, heading))) standing.set(word, cells);
  }
  return Object.fromEntries(standing);
}

describe('the pipeline changes only with an ADR (§17)', () => {
  test('the stages and their order are the agreed ones', () => {
    expect(Object.keys(agreed('Stages'))).toEqual([...STAGES]);
  });

  test('the results and their exit codes are the agreed ones', () => {
    const results = Object.entries(EXIT_OF_RESULT).map(([result, exit]) => [result, [String(exit)]]);
    expect(agreed('Results')).toEqual(Object.fromEntries(results));
  });

  test('the failure codes, whose fault they are and the clause they break are the agreed ones', () => {
    const codes = CODES.map((code) => [code, [FAILURES[code].fault, FAILURES[code].clause ?? 'none']]);
    expect(agreed('Failure codes')).toEqual(Object.fromEntries(codes));
  });

  test('the rollback triggers are the agreed ones', () => {
    const triggers = everyFailure().map(([code, stage]) => triggerOf({ code, stage }));
    expect(Object.keys(agreed('Rollback triggers')).toSorted()).toEqual([...new Set(triggers)].toSorted());
  });

  test('a digest is quarantined for the agreed reasons and no other', () => {
    const reasons = everyFailure().filter(([code, stage]) => quarantines(code, stage));
    expect(agreed('Quarantine')).toEqual(Object.fromEntries(reasons.map(([code, stage]) => [code, [stage]])));
  });
});

describe('the ADRs', () => {
  test('are numbered without gaps, and each stands in the index', () => {
    const index = readFileSync(join(FOLDER, 'README.md'), 'utf8');
    expect(FILES.map((name) => Number(name.slice(0, 4)))).toEqual(FILES.map((_, position) => position + 1));
    expect(FILES.filter((name) => !index.includes(`(${name})`))).toEqual([]);
  });

  test.each(FILES)('says its context, decision and consequences: %s', (name) => {
    const page = readFileSync(join(FOLDER, name), 'utf8');
    expect(page).toMatch(new RegExp(`^# ${name.slice(0, 4)}\\. `));
    // What a later page has changed, the status line names with it.
    expect(page).toMatch(/^Status: (accepted|superseded by \d{4}), \d{4}-\d\d-\d\d(; .*\b\d{4}\b.*)?$/m);
    for (const heading of ['Context', 'Decision', 'Consequences']) {
      expect(section(page, heading).trim()).not.toBe('');
    }
  });
});

/** Every failure in every stage, and in none. */
function everyFailure(): [FailureCode, Stage | null][] {
  return CODES.flatMap((code) => [...STAGES, null].map((stage): [FailureCode, Stage | null] => [code, stage]));
}
