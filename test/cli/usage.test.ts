import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDesk, type Desk } from './desk.ts';

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk.remove());

const DIGEST = `sha256:${'0'.repeat(64)}`;
const PERSON = ['--by', 'ada', '--reason', 'because'];

/** What is typed, and a part of what is said about it. */
const WRONG: readonly (readonly [line: string, said: string])[] = [
  ['nope', "unknown command 'nope'"],
  ['depoly storefront', 'Did you mean deploy?'],
  ['help', "unknown command 'help'"],
  ['history', "missing required argument 'target'"],
  ['deploy storefront --to staging --by ada', "required option '--change <id>' not specified"],
  ['deploy storefront --to staging --change CHG-1', "required option '--by <who>' not specified"],
  ['deploy storefront --to staging --change CHG-1 --by ada --wiat', 'Did you mean --wait?'],
  ['deploy storefront --to nowhere --change CHG-1 --by ada', 'UNKNOWN_ENVIRONMENT'],
  ['deploy storefront --to staging --change CHG-1 --by ada --source other', 'UNKNOWN_SOURCE'],
  ['check storefront', "required option '--to <environment>' not specified"],
  ['status a b', 'too many arguments'],
  ['abort staging/storefront/1 --by ada', "required option '--reason <text>' not specified"],
  ['abort staging/storefront/1 --reason because', "required option '--by <who>' not specified"],
  ['takeover staging/storefront/1', 'not specified'],
  ['resume staging/storefront', 'not specified'],
  ['resume storefront', 'not specified'],
  ['rollback staging/storefront --by ada', 'not specified'],
  [`unquarantine ${DIGEST} --by ada`, 'not specified'],
  ['history storefront', 'expected a target'],
  ['history nowhere/storefront', 'UNKNOWN_ENVIRONMENT'],
  ['history staging/storefront', 'UNKNOWN_COMPONENT'],
  ['logs staging/storefront --lines many', 'expected a whole number'],
  ['verify', "missing required argument 'id|file'"],
];

describe('bad usage ends with exit code 2 and one line that says what is wrong', () => {
  test.each(WRONG)('%s', async (line, said) => {
    const { exitCode, stdout, stderr } = await desk.run(line.split(' '), {});
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(said);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  test.each(WRONG)('%s, as one JSON document with --json', async (line) => {
    const { exitCode, stdout, stderr } = await desk.run([...line.split(' '), '--json'], {});
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: '' });
    const { error } = JSON.parse(stdout) as { error: Record<string, unknown> };
    expect(Object.keys(error)).toEqual(['code', 'clause', 'message']);
  });

  test.each([
    ['abort', ['abort', 'staging/storefront/1', '--by', ' ', '--reason', 'because']],
    ['resume', ['resume', 'staging/storefront', '--by', 'ada', '--reason', '']],
    ['unquarantine', ['unquarantine', 'sha256:12', ...PERSON]],
    ['rollback', ['rollback', 'storefront', ...PERSON]],
  ])('%s with an argument that says nothing', async (_, args) => {
    expect(await desk.run(args, {})).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/^USAGE /) });
  });
});

describe('what a person is told', () => {
  test('the help lists every command on a line of its own', async () => {
    const { exitCode, stdout } = await desk.run(['--help']);
    expect(exitCode).toBe(0);
    const listed = [...stdout.matchAll(/^ {2}([a-z]+)\b.* {2}\w/gm)].map(([, name]) => name);
    const issue =
      'up demo doctor check deploy rollback status history logs abort takeover resume unquarantine verify replay keys';
    expect(listed).toEqual(issue.split(' '));
  });

  test.each(['up', 'check', 'deploy', 'status', 'abort', 'history', 'verify', 'replay', 'doctor'])(
    'the help of %s ends with an example',
    async (name) => {
      const { exitCode, stdout } = await desk.run([name, '--help']);
      expect(exitCode).toBe(0);
      expect(stdout).toContain(`$ slipway ${name}`);
      expect(stdout).toContain('--json');
      expect(stdout).toContain('--config <file>');
    },
  );
});
