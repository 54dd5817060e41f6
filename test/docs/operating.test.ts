import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FAILURES, isFailureCode } from '../../src/contract/failure.ts';
import { MESSAGES } from '../../src/contract/messages.ts';
import { EXIT_OF_RESULT } from '../../src/contract/record.ts';
import { SEARCH_ATTRIBUTES } from '../../src/contract/search-attributes.ts';
import { SLSA } from '../../src/contract/slsa.ts';
import { codeIn, fences, page, ROOT, tableUnder } from './fences.ts';
import { BUILD_FIELD, PUBLISHED } from './published.ts';

const PAGE = page('docs/operating.md');
const PAGES = ['README.md', 'docs/operating.md', 'docs/files.md'];

const word = (cell = ''): string => codeIn(cell)[0] ?? '';

describe('docs/operating.md', () => {
  test('explains every failure code: its clause, whose fault it is, and what to do', () => {
    const rows = tableUnder(PAGE, 'Failure codes');
    const stated = rows.map(([code, clause, fault]) => [word(code), clause, fault]);
    const known = Object.keys(FAILURES)
      .filter(isFailureCode)
      .map((code) => [code, FAILURES[code].clause ?? '', FAILURES[code].fault]);
    expect(stated).toEqual(known);
    expect(rows.filter(([, , , what = '']) => what.length < 10)).toEqual([]);
  });

  test('says of every result how it exits and what it asks for', () => {
    const rows = tableUnder(PAGE, 'What a result asks of you');
    expect(rows.map(([result, exit]) => [word(result), Number(exit)])).toEqual(Object.entries(EXIT_OF_RESULT));
  });

  test('shows messages that workflows know, with JSON that is JSON', () => {
    const rows = tableUnder(PAGE, 'In the Temporal UI');
    expect(rows.map(([, name]) => word(name)).filter((name) => !(name in MESSAGES))).toEqual([]);
    for (const [, , json] of rows) expect(JSON.parse(word(json))).toMatchObject({ by: expect.any(String) as string });
  });

  test('names every predicate type, and where its form is published', () => {
    const rows = tableUnder(PAGE, 'What an outsider can check').map(([type, , form = '']) => [word(type), form]);
    const own = PUBLISHED.filter(({ id }) => id !== BUILD_FIELD);
    expect(rows.map(([type]) => type)).toEqual([...Object.values(SLSA), ...own.map(({ id }) => id)]);
    expect(rows.slice(2).map(([, form]) => form)).toEqual(own.map(({ file }) => `[form](schemas/${file})`));
  });

  test('filters by search attributes that exist', () => {
    const known = Object.values(SEARCH_ATTRIBUTES).map(({ name }) => name);
    const named = [...PAGE.matchAll(/Slipway[A-Z][a-z]+/g)].map(([name]) => name);
    expect([...new Set(named)].toSorted()).toEqual(known.toSorted());
  });
});

describe('the pages', () => {
  test('name commands of slipway that exist', () => {
    const commands = PAGES.map(page)
      .flatMap((text) => fences(text, 'sh').concat(fences(text, 'sh first-deployment')))
      .flatMap((block) => [...block.matchAll(/^slipway ([a-z]+)/gm)].map(([, name = '']) => name));
    expect(commands.length).toBeGreaterThan(10);
    expect(commands.filter((name) => !existsSync(join(ROOT, 'src/cli', `${name}.ts`)))).toEqual([]);
  });

  test.each(PAGES)('links to pages that exist: %s', (from) => {
    const links = [...page(from).matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, link = '']) => link);
    expect(links.filter((link) => !existsSync(join(ROOT, from, '..', link)))).toEqual([]);
  });
});
