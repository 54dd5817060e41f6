import { expect, test } from 'vitest';
import { readAddress, withoutCredentials } from '../../src/source/address.ts';

const BASE = '/platform';

test.each([
  ['../shop.git', '/shop.git', '/shop.git'],
  ['shop', '/platform/shop', '/platform/shop'],
  ['/srv/shop.git', '/srv/shop.git', '/srv/shop.git'],
  ['./odd:name', '/platform/odd:name', '/platform/odd:name'],
  ['file:///srv/shop.git', 'file:///srv/shop.git', '/srv/shop.git'],
  ['https://git.example/shop.git', 'https://git.example/shop.git', null],
  ['ssh://git@git.example:2222/shop.git', 'ssh://git@git.example:2222/shop.git', null],
  ['git@git.example:team/shop.git', 'git@git.example:team/shop.git', null],
])('%s is a source', (url, given, folder) => {
  expect(readAddress(url, BASE)).toEqual({ url: given, folder });
});

test.each([
  ['ext::sh -c "touch /tmp/x"', 'a transport helper'],
  ['fd::17', 'a transport helper'],
  ['https::https://git.example/shop.git', 'a transport helper'],
  ['--upload-pack=touch /tmp/x', 'an option of git'],
  ['-oProxyCommand=x', 'an option of git'],
  ['ssh://-oProxyCommand=x/shop.git', 'an option in place of a host'],
  ['ssh://git@-oProxyCommand=x/shop.git', 'an option in place of a host'],
  ['git@-oProxyCommand=x:shop.git', 'an option in place of a host'],
  ['ftp://git.example/shop.git', 'the scheme "ftp"'],
  ['EXT://x', 'the scheme "EXT"'],
  ['shop\n.git', 'control characters'],
])('%j is refused', (url, found) => {
  expect(() => readAddress(url, BASE)).toThrow(
    expect.objectContaining({ code: 'UNSAFE_SOURCE', message: expect.stringContaining(`found ${found} in`) as string }),
  );
});

test('a password never stands in a message', () => {
  expect(withoutCredentials('fatal: https://ada:secret@git.example/x and http://t@h/')).toBe(
    'fatal: https://git.example/x and http://h/',
  );
});
