import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FailureCode } from '../../src/contract/failure.ts';
import { admit, type Admission, type AdmissionRequest } from '../../src/source/admission.ts';
import { FIRST_COMMIT, type WrittenCommit, type WrittenSource, writeSource } from './written-source.ts';

const MANIFEST = `apiVersion: slipway/v1
component: storefront
kind: storefront
build: { command: [node, build.mjs], output: dist, inputs: [packages/ui/**] }
run: { command: [node, server.mjs] }
health: { path: /healthz }
smoke:
  - { name: home page, path: / }
`;

const document = (
  id: string,
  also: { components?: string; scope?: string; covers?: readonly string[] } = {},
): string => `id: ${id}
summary: Summary of ${id}
reason: Reason of ${id}
components: [${also.components ?? 'storefront'}]
scope: [${also.scope ?? 'storefront/**, packages/ui/**'}]
covers: [${(also.covers ?? []).join(', ')}]
`;

const FIRST: WrittenCommit = {
  message: 'The storefront\n\nChange: CHG-1\n',
  files: {
    'storefront/slipway.yaml': MANIFEST,
    'storefront/server.mjs': '1',
    'packages/ui/button.mjs': '1',
    'changes/CHG-1.yaml': document('CHG-1'),
  },
};

let source: WrittenSource;
beforeEach(async () => {
  source = await writeSource();
});
afterEach(() => source.remove());

async function admission(request: Partial<AdmissionRequest> & { from?: string | null } = {}): Promise<Admission> {
  const { from = null, ...also } = request;
  const { repository } = source;
  await repository.fetch();
  const live = from === null ? null : { revision: from };
  const revision = await repository.resolve();
  return admit({ repository, component: 'storefront', change: null, revision, live, ...also });
}

async function refusal(request?: Parameters<typeof admission>[0]): Promise<{ code: FailureCode; message: string }> {
  return admission(request).then(
    () => Promise.reject(new Error('it was admitted')),
    (error: { code: FailureCode; message: string }) => error,
  );
}

const write = (
  message: string,
  files: WrittenCommit['files'] = {},
  also: Partial<WrittenCommit> = {},
): Promise<string> => source.commit({ message, files, ...also });

describe('a first deployment', () => {
  test('is admitted for the newest unit, with all that later stages need to know', async () => {
    await write('before there were changes', { 'storefront/old': '1' });
    const revision = await source.commit(FIRST);
    const admitted = await admission({ change: 'CHG-1' });
    expect(admitted).toMatchObject({
      component: 'storefront',
      folder: 'storefront',
      manifest: { kind: 'storefront', build: { output: 'dist' } },
      change: { id: 'CHG-1', summary: 'Summary of CHG-1', reason: 'Reason of CHG-1', carries: ['CHG-1'] },
      revision,
      committedAt: FIRST_COMMIT + 60,
    });
    const files = [
      'storefront/a/b',
      'packages/ui/x',
      'packages/ui',
      'packages/other',
      'storefront-old/a',
      'changes/CHG-1.yaml',
    ];
    expect(files.filter(admitted.files)).toEqual(['storefront/a/b', 'packages/ui/x', 'packages/ui']);
  });

  test('of a component at the root of its source is admitted', async () => {
    await write('x\n\nChange: CHG-1', {
      'slipway.yaml': MANIFEST,
      'changes/CHG-1.yaml': document('CHG-1', { scope: '"**"' }),
    });
    const admitted = await admission();
    expect(admitted.folder).toBe('');
    expect(admitted.files('anything/at/all')).toBe(true);
  });
});

describe('changes between what is live and the revision', () => {
  let live: string;
  beforeEach(async () => {
    live = await source.commit(FIRST);
  });

  test('are all carried, those of the inputs too, and commits elsewhere are no matter', async () => {
    await write('two\n\nChange: CHG-2\n', { 'storefront/a': '2', 'changes/CHG-2.yaml': document('CHG-2') });
    await write('elsewhere, without a change', { 'catalog/a': '2' });
    await write('three\n\nChange: CHG-3\n', { 'packages/ui/a': '3', 'changes/CHG-3.yaml': document('CHG-3') });
    const { change } = await admission({ from: live, change: 'CHG-2' });
    expect(change).toMatchObject({ id: 'CHG-2', carries: ['CHG-2', 'CHG-3'] });
    expect((await admission({ from: live })).change.id).toBe('CHG-3');
    expect(await refusal({ from: live, change: 'CHG-1' })).toMatchObject({ code: 'CHANGE_NOT_CARRIED' });
  });

  test('are named where they may go out although there is no way back', async () => {
    const noWayBack = `${document('CHG-2')}irreversible: true\n`;
    await write('two\n\nChange: CHG-2\n', { 'storefront/a': '2', 'changes/CHG-2.yaml': noWayBack });
    await write('three\n\nChange: CHG-3\n', { 'storefront/a': '3', 'changes/CHG-3.yaml': document('CHG-3') });
    const { change } = await admission({ from: live, change: 'CHG-3' });
    expect(change).toMatchObject({ id: 'CHG-3', carries: ['CHG-2', 'CHG-3'], irreversible: ['CHG-2'] });
    const last = await source.repository.resolve();
    expect((await admission({ from: last, change: 'CHG-2' })).change).toMatchObject({ irreversible: ['CHG-2'] });
    expect((await admission({ from: last, change: 'CHG-3' })).change).toMatchObject({ irreversible: [] });
  });

  test('a change that says no yes or no of its way back is refused', async () => {
    const text = `${document('CHG-2')}irreversible: "yes"\n`;
    await write('two\n\nChange: CHG-2\n', { 'storefront/a': '2', 'changes/CHG-2.yaml': text });
    expect(await refusal({ from: live, change: 'CHG-2' })).toMatchObject({
      code: 'CHANGE_DOCUMENT_INVALID',
      message: 'changes/CHG-2.yaml:7:15  irreversible: found "yes", expected true or false; correct it',
    });
  });

  test('a commit without a change is refused until a change covers it', async () => {
    const bare = await write('a bot was here', { 'storefront/a': '2' });
    expect(await refusal({ from: live })).toMatchObject({
      code: 'UNDOCUMENTED_CHANGE',
      message: expect.stringContaining(bare) as string,
    });
    await write('account for the bot', { 'changes/CHG-2.yaml': document('CHG-2', { covers: [bare] }) });
    expect((await admission({ from: live, change: 'CHG-2' })).change.carries).toEqual(['CHG-2']);
  });

  test('a change that a revert took away still accounts for its commit, and the revert needs one of its own', async () => {
    await write('two\n\nChange: CHG-2', { 'storefront/a': '2', 'changes/CHG-2.yaml': document('CHG-2') });
    const revert = await write('Revert "two"', { 'storefront/a': null, 'changes/CHG-2.yaml': null });
    expect(await refusal({ from: live })).toMatchObject({ code: 'UNDOCUMENTED_CHANGE' });
    await write('account for the revert', { 'changes/CHG-3.yaml': document('CHG-3', { covers: [revert] }) });
    expect((await admission({ from: live })).change.carries).toEqual(['CHG-2', 'CHG-3']);
    expect((await admission({ from: live, change: 'CHG-2' })).change.summary).toBe('Summary of CHG-2');
  });

  test('a merge answers for what it brings, by its own message', async () => {
    const side = await write('no change here', { 'storefront/a': '2' }, { branch: 'topic', from: live });
    await write('elsewhere', { other: '1' });
    await write(
      'Merge topic\n\nChange: CHG-2',
      { 'storefront/a': '2', 'changes/CHG-2.yaml': document('CHG-2') },
      { merge: side },
    );
    expect((await admission({ from: live })).change.carries).toEqual(['CHG-2']);
    await write('Merge nothing said', { 'storefront/a': '3' }, { merge: side });
    expect(await refusal({ from: live })).toMatchObject({ code: 'UNDOCUMENTED_CHANGE' });
  });

  test('a file outside the scope of its change is refused by name', async () => {
    const files = {
      'storefront/a': '2',
      'packages/ui/b': '2',
      'changes/CHG-2.yaml': document('CHG-2', { scope: 'storefront/*' }),
    };
    await write('two\n\nChange: CHG-2', files);
    expect(await refusal({ from: live })).toMatchObject({
      code: 'SCOPE_EXCEEDED',
      message: expect.stringContaining('"packages/ui/b"') as string,
    });
  });

  test.each<[string, FailureCode, Record<string, string>]>([
    ['a change without a document', 'CHANGE_DOCUMENT_MISSING', {}],
    ['a change whose document is no YAML', 'CHANGE_DOCUMENT_INVALID', { 'changes/CHG-2.yaml': 'id: [' }],
    [
      'a change with a key that nobody knows',
      'CHANGE_DOCUMENT_INVALID',
      { 'changes/CHG-2.yaml': `${document('CHG-2')}ticket: 1\n` },
    ],
    ['a document with the id of another', 'CHANGE_DOCUMENT_WRONG_ID', { 'changes/CHG-2.yaml': document('CHG-3') }],
    [
      'a change for another component',
      'COMPONENT_NOT_IN_CHANGE',
      { 'changes/CHG-2.yaml': document('CHG-2', { components: 'catalog' }) },
    ],
    ['a scope that leaves the source', 'UNSAFE_PATH', { 'changes/CHG-2.yaml': document('CHG-2', { scope: '../**' }) }],
  ])('%s is refused, whether the order names it or not', async (_, code, files) => {
    await write('two\n\nChange: CHG-2', { 'storefront/a': '2', ...files });
    expect(await refusal({ from: live, change: 'CHG-2' })).toMatchObject({ code });
    expect(await refusal({ from: live })).toMatchObject({ code });
  });

  test('a broken document of another change stops nobody else', async () => {
    await write('two\n\nChange: CHG-2', {
      'storefront/a': '2',
      'changes/CHG-2.yaml': document('CHG-2'),
      'changes/CHG-9.yaml': '[',
    });
    expect((await admission({ from: live })).change.id).toBe('CHG-2');
  });

  test('an order cannot name a file in place of a change', async () => {
    await write('two\n\nChange: CHG-2', { 'storefront/a': '2', 'changes/CHG-2.yaml': document('CHG-2') });
    expect(await refusal({ from: live, change: '../changes/CHG-2' })).toMatchObject({
      code: 'CHANGE_DOCUMENT_MISSING',
    });
  });

  test('the live revision may be deployed again, for a change that it holds', async () => {
    expect((await admission({ from: live, change: 'CHG-1' })).change.carries).toEqual(['CHG-1']);
    expect((await admission({ from: live })).change.carries).toEqual(['CHG-1']);
    expect(await refusal({ from: live, change: 'CHG-7' })).toMatchObject({ code: 'CHANGE_DOCUMENT_MISSING' });
  });

  test('a revision that brings the component nothing has no change to be deployed for', async () => {
    await write('elsewhere', { other: '1' });
    expect(await refusal({ from: live, change: 'CHG-1' })).toMatchObject({ code: 'CHANGE_NOT_CARRIED' });
  });

  test('what is older than live is refused: that is a rollback', async () => {
    const newer = await write('two\n\nChange: CHG-2', { 'storefront/a': '2', 'changes/CHG-2.yaml': document('CHG-2') });
    expect(await refusal({ from: newer, revision: live })).toMatchObject({
      code: 'OLDER_THAN_LIVE',
      message: expect.stringContaining('slipway rollback') as string,
    });
  });

  test('from a live revision on another branch, units run from where the two part', async () => {
    const hotfix = await write(
      'fix\n\nChange: CHG-2',
      { 'storefront/f': '1', 'changes/CHG-2.yaml': document('CHG-2') },
      { branch: 'release/1', from: live },
    );
    await write('three\n\nChange: CHG-3', { 'storefront/a': '3', 'changes/CHG-3.yaml': document('CHG-3') });
    expect((await admission({ from: hotfix })).change.carries).toEqual(['CHG-3']);
  });

  test('from a live revision that the source does not have, every unit has to be accounted for', async () => {
    await write('three\n\nChange: CHG-3', { 'storefront/a': '3', 'changes/CHG-3.yaml': document('CHG-3') });
    expect((await admission({ from: 'f'.repeat(40) })).change.carries).toEqual(['CHG-1', 'CHG-3']);
  });
});

describe('revision and component', () => {
  test('a revision on no declared branch is refused', async () => {
    const first = await source.commit(FIRST);
    const topic = await write('topic', { 'storefront/a': '2' }, { branch: 'topic', from: first });
    expect(await refusal({ revision: topic })).toMatchObject({ code: 'REVISION_NOT_ON_BRANCH' });
    expect(await refusal({ revision: 'f'.repeat(40) })).toMatchObject({ code: 'UNKNOWN_REVISION' });
    expect(await refusal({ revision: '--output=x' })).toMatchObject({ code: 'UNSAFE_SOURCE' });
  });

  test('an unknown component is refused with those that there are', async () => {
    await source.commit(FIRST);
    expect(await refusal({ component: 'storefrnt' })).toMatchObject({
      code: 'UNKNOWN_COMPONENT',
      message: expect.stringContaining('expected one of storefront;') as string,
    });
  });

  test('a component in two places is refused with both', async () => {
    await source.commit(FIRST);
    await write('again', { 'copy/slipway.yaml': MANIFEST });
    expect(await refusal()).toMatchObject({
      code: 'DUPLICATE_COMPONENT',
      message: expect.stringContaining('copy/slipway.yaml and storefront/slipway.yaml') as string,
    });
  });

  test('a manifest that is wrong is refused with its line, and stops no other component', async () => {
    await source.commit(FIRST);
    await write('broken', {
      'catalog/slipway.yaml': MANIFEST.replace('storefront', 'catalog').replace('output', 'outptu'),
    });
    expect(await refusal({ component: 'catalog' })).toMatchObject({
      code: 'MANIFEST_INVALID',
      message: expect.stringMatching(
        /catalog\/slipway\.yaml:4:38 {2}build\.outptu: .* did you mean "output"\?/,
      ) as string,
    });
    await expect(admission({ revision: await source.repository.resolve() })).resolves.toMatchObject({
      component: 'storefront',
    });
  });

  test.each([
    ['output: dist', 'output: ../dist', 'build.output'],
    ['output: dist', 'output: /srv/dist', 'build.output'],
    ['packages/ui/**', 'packages/../../ui/**', 'build.inputs.0'],
    ['packages/ui/**', '/etc/*', 'build.inputs.0'],
    ['node, build.mjs', 'node, ../build.mjs', 'build.command.1'],
    ['node, build.mjs', '/bin/sh, build.sh', 'build.command.0'],
    ['node, server.mjs', 'node, --import=../x.mjs, server.mjs', 'run.command.1'],
    ['path: / }', 'command: [node, ../smoke.mjs] }', 'smoke.0.command.1'],
  ])('%s as %s is refused', async (good, bad, key) => {
    const files = { ...FIRST.files, 'storefront/slipway.yaml': MANIFEST.replace(good, bad) };
    await source.commit({ ...FIRST, files });
    expect(await refusal()).toMatchObject({
      code: 'UNSAFE_PATH',
      message: expect.stringContaining(`storefront/slipway.yaml  ${key}: found `) as string,
    });
  });

  test('a symlink of the component that leaves the source is refused; one elsewhere is no matter', async () => {
    await source.commit(FIRST);
    await write('elsewhere', { 'catalog/link': { link: '../../x' } });
    await admission();
    await write('here', { 'storefront/link': { link: '../../x' } });
    expect(await refusal()).toMatchObject({ code: 'UNSAFE_PATH' });
  });
});

describe('instance folders (§3)', () => {
  test.each([
    ['a component', { 'instances/shop/slipway.yaml': MANIFEST }],
    ['an output', { 'slipway.yaml': MANIFEST.replace('output: dist', 'output: ./instances/x') }],
    ['an input', { 'storefront/slipway.yaml': MANIFEST.replace('packages/ui/**', 'instances/**') }],
    [
      'a file that an input happens to name',
      {
        'storefront/slipway.yaml': MANIFEST.replace('packages/ui/**', '"*/staging/**"'),
        'instances/staging/state': '1',
      },
    ],
  ])('%s in one is refused', async (_, files) => {
    await write('x\n\nChange: CHG-1', files);
    expect(await refusal()).toMatchObject({ code: 'INSTANCE_PATH_OVERLAP' });
  });

  test('so is one in the platform’s own, where that lies in the source', async () => {
    await source.commit(FIRST);
    const instances = path.join(source.folder, 'storefront');
    expect(await refusal({ instances })).toMatchObject({ code: 'INSTANCE_PATH_OVERLAP' });
    await admission({ instances: path.join(source.folder, 'state') });
    await admission({ instances: path.join(source.folder, '..', 'storefront') });
  });

  test('a folder called instances elsewhere is a component’s own', async () => {
    await source.commit({ ...FIRST, files: { ...FIRST.files, 'storefront/instances/a': '1' } });
    expect((await admission()).files('storefront/instances/a')).toBe(true);
  });
});
