import { expect, test } from 'vitest';
import { leavingLink } from '../../src/source/links.ts';

test.each([
  ['to a file beside it', { 'a/link': 'file' }, null],
  ['to another folder of the repository', { 'a/b/link': '../../c/file' }, null],
  ['to the root', { 'a/link': '..' }, null],
  ['above the root', { 'a/link': '../..' }, 'leaves the repository'],
  ['above the root and back in', { 'a/link': '../../repository/file' }, 'leaves the repository'],
  ['to an absolute path', { 'a/link': '/etc/passwd' }, 'points at an absolute path'],
  ['to itself', { 'a/link': 'link' }, 'goes round in circles'],
  ['out by way of a link that goes up', { 'a/b/link': 'up/../x', 'a/b/up': '../../z' }, null],
  [
    'out by way of a link that goes further up',
    { 'a/b/link': 'up/../../x', 'a/b/up': '../../z' },
    'leaves the repository',
  ],
])('a link %s', (_, links, expected) => {
  const [first = ''] = Object.keys(links);
  expect(leavingLink(first, new Map(Object.entries(links)))).toBe(expected);
});
