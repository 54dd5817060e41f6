import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { editTrust } from '../../src/signing/edit-trust.ts';

const ADDED = { name: 'builder-2', role: 'builder', environments: ['staging'], by: 'Ada: "me"' };
const AT = ['trust', 'keys'];

/** The edit as lines that are new, after it was seen that no line has gone. */
function newLines(before: string, edit: Parameters<typeof editTrust>[2]): readonly string[] {
  const after = editTrust(before, AT, edit) ?? '';
  const old = before.split('\n');
  const lines = after.split('\n');
  let seen = 0;
  const fresh = lines.filter((line) => {
    if (line !== old[seen]) return true;
    seen += 1;
    return false;
  });
  expect(seen).toBe(old.length);
  return fresh;
}

const BLOCK = `# Ours.
apiVersion:   slipway/v1   # odd spacing
trust:          # who is believed
  # of the year before
  keys:
    - name: builder-1   # made by hand
      role: builder

# Where.
environments: {staging: {}}
`;

describe('a trust policy that is edited', () => {
  it('is given a key below its last one, and nothing else changes: no comment, no blank, no quote', () => {
    expect(newLines(BLOCK, { added: [ADDED], changed: {} })).toEqual([
      '    - name: builder-2',
      '      role: builder',
      '      environments: [staging]',
      '      by: "Ada: \\"me\\""',
    ]);
  });

  it('is given a field below the last one of that key', () => {
    expect(newLines(BLOCK, { added: [], changed: { 'builder-1': { until: '2026-11-25T13:00:00.000Z' } } })).toEqual([
      '      until: 2026-11-25T13:00:00.000Z',
    ]);
  });

  it.each([
    ['keys on lines of their own', 'trust:\n  keys:\n  - { name: builder-1, role: builder }   # first\n'],
    ['a list without a line end', 'trust:\n  keys:\n    - { name: builder-1, role: builder }'],
    ['a list in brackets', 'trust: { keys: [{ name: builder-1, role: builder }] }\n'],
    [
      'a list in brackets over lines',
      'trust:\n  keys: [\n    { name: builder-1,\n      role: builder },\n  ]\nend: 1\n',
    ],
    ['a list as JSON', '{"trust": {"keys": [{"name": "builder-1", "role": "builder"}]}, "end": 1}\n'],
    ['lines that end as on Windows', 'trust:\r\n  keys:\r\n    - name: builder-1\r\n      role: builder\r\nend: 1\r\n'],
    ['a field that is replaced', 'trust:\n  keys:\n    - { name: builder-1, revoked: x, role: builder }\nend: 1\n'],
  ])('is read as it should be: %s', (_, before) => {
    const after = editTrust(before, AT, {
      added: [ADDED],
      changed: { 'builder-1': { revoked: '2026', reason: 'a # b' } },
    });
    const keys = [{ name: 'builder-1', role: 'builder', revoked: 2026, reason: 'a # b' }, ADDED];
    expect(parse(after ?? '')).toEqual({ ...parse(before), trust: { keys } });
    expect(after?.includes('\r\n')).toBe(before.includes('\r\n'));
    expect(after?.replaceAll('\r\n', '').includes('\r')).toBe(false);
  });

  it.each([
    ['within lines', 'trust:\n  keys: []   # none yet\nend: 1\n', 'keys'],
    ['within brackets', 'trust: { keys: [ ] }\nend: 1\n', 'keys'],
  ])('begins where there was no key: %s', (_, before) => {
    const after = editTrust(before, AT, { added: [ADDED, { name: 'b' }], changed: {} }) ?? '';
    expect(parse(after)).toEqual({ trust: { keys: [ADDED, { name: 'b' }] }, end: 1 });
    expect(after.includes('# none yet')).toBe(before.includes('# none yet'));
  });

  it('is left alone where it is an alias, or names no such key', () => {
    expect(editTrust('a: &a []\ntrust: { keys: *a }\n', AT, { added: [ADDED], changed: {} })).toBeNull();
    expect(editTrust(BLOCK, AT, { added: [], changed: { nobody: { until: 'x' } } })).toBeNull();
  });
});
