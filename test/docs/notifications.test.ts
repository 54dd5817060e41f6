import { describe, expect, test } from 'vitest';
import { EVENT_KINDS } from '../../src/contract/event.ts';
import { CDEVENT_OF_KIND } from '../../src/notifications/cdevents.ts';
import { EVERY_KIND } from '../notifications/events.ts';
import { codeIn, page, tableUnder } from './fences.ts';

const ROWS = tableUnder(page('docs/files.md'), 'What receivers are told');

describe('what docs/files.md says of notifications', () => {
  test('names every kind, with its CDEvent', () => {
    expect(ROWS.flatMap(([kinds = '']) => codeIn(kinds)).toSorted()).toEqual(EVENT_KINDS.toSorted());
    for (const [kinds = '', cdevents = ''] of ROWS) {
      const sent = codeIn(kinds).map((kind) => CDEVENT_OF_KIND[kind as keyof typeof CDEVENT_OF_KIND]);
      expect([kinds, codeIn(cdevents)]).toEqual([kinds, [...new Set(sent)]]);
    }
  });

  test('says which are always urgent', () => {
    const always = ROWS.filter(([, , , urgent]) => urgent === 'yes').flatMap(([kinds = '']) => codeIn(kinds));
    expect(always.toSorted()).toEqual(
      EVERY_KIND.filter(([, { isUrgent }]) => isUrgent)
        .map(([kind]) => kind)
        .toSorted(),
    );
  });
});
