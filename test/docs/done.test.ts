import { expect, test } from 'vitest';
import { DONE_FIELDS } from '../../src/contract/done.ts';
import { BUILT_IN_RULES } from '../../src/done/built-in.ts';
import { byKind, type Field } from '../../src/done/field.ts';
import { codeIn, page, tableUnder } from './fences.ts';

const ROWS = tableUnder(page('docs/files.md'), 'Definition of Done').map(([name = '', type = '']) => [
  codeIn(name)[0],
  type,
]);

test('docs/files.md names every field that a rule may read, with its type, and every built-in rule with its clause', () => {
  expect(ROWS).toEqual([
    ...BUILT_IN_RULES.map(({ name, clause }) => [name, clause]),
    ...Object.entries(DONE_FIELDS).flatMap(([name, field]) => rowsOf(name, field)),
  ]);
});

function rowsOf(at: string, field: Field): string[][] {
  return byKind(field, {
    primitive: (type) => [[at, type]],
    list: (entry) => (typeof entry === 'string' ? [[at, `list of ${entry}`]] : rowsOf(`${at}[]`, entry)),
    map: (value) => rowsOf(`${at}.<name>`, value),
    message: (members) => Object.entries(members).flatMap(([name, member]) => rowsOf(`${at}.${name}`, member)),
  });
}
