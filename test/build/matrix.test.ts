import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import type { SlipwayError } from '../../src/contract/failure.ts';
import { allButOne, surroundings, type Surroundings } from '../../src/build/surroundings.ts';
import type { Sandbox } from '../../src/build/sandbox.ts';
import { build, file, SANDBOXES } from './checkout.ts';

/** Leaks what it is told to, each in a file of its own beside one that is steady. */
const LEAKY = `mkdir -p dist inputs && echo the same >dist/steady
leak() {
  case $1 in
    path) pwd ;;
    user) echo "$USER $(id -u) $(id -un 2>&1)" ;;
    clock) date +%s%N ;;
    date) date -u +%F ;;
    'file times') cp -p steady copied; touch dist/touched ;;
    'time zone') date -d @0 ;;
    locale) node -p '(1234.5).toLocaleString()' ;;
    'core count') nproc ;;
    umask) umask ;;
    'file modes') touch dist/touched; mkdir dist/made; touch dist/made/file ;;
    'file order') ls -U inputs ;;
    'host name') hostname ;;
    'environment noise') env -u PWD -u OLDPWD | LC_ALL=C sort ;;
  esac
}
for thing in "$@"; do leak "$thing"; done >dist/leak`;

const [BASE, OTHER] = surroundings();
const withIdentity = (changed: Partial<Surroundings['identity']>): Partial<Surroundings> => ({
  identity: { ...BASE.identity, ...changed },
});

interface Case {
  readonly thing: string;
  /** What the second build's surroundings have other than the first's. */
  readonly changed: Partial<Surroundings>;
  /** What becomes of the leak: the artifact is refused, or the leak is in neither output. */
  readonly becomes: 'caught' | 'neutralised';
  /** What it takes to change it: a namespace, or a second CPU. */
  readonly takes?: 'apart' | 'cpus';
}

const MATRIX: readonly Case[] = [
  { thing: 'path', changed: { at: OTHER.at }, becomes: 'caught' },
  { thing: 'user', changed: withIdentity({ user: OTHER.identity.user, uid: OTHER.identity.uid }), becomes: 'caught' },
  // The clock changes by itself.
  { thing: 'clock', changed: {}, becomes: 'caught' },
  { thing: 'file times', changed: {}, becomes: 'neutralised' },
  { thing: 'time zone', changed: { timeZone: OTHER.timeZone }, becomes: 'caught' },
  { thing: 'locale', changed: { locale: OTHER.locale }, becomes: 'caught' },
  { thing: 'core count', changed: { cpus: OTHER.cpus }, becomes: 'caught', takes: 'cpus' },
  { thing: 'umask', changed: withIdentity({ umask: OTHER.identity.umask }), becomes: 'caught' },
  { thing: 'file modes', changed: withIdentity({ umask: OTHER.identity.umask }), becomes: 'neutralised' },
  { thing: 'file order', changed: { order: OTHER.order }, becomes: 'caught', takes: 'apart' },
  { thing: 'host name', changed: withIdentity({ host: OTHER.identity.host }), becomes: 'caught', takes: 'apart' },
  { thing: 'environment noise', changed: { noise: OTHER.noise }, becomes: 'caught' },
];

/** That other kinds vary the same is tested in `build.test.ts`. */
const sandbox = Object.values(SANDBOXES).find((each): each is Sandbox => typeof each !== 'string');

describe.skipIf(sandbox === undefined)('of what a build must not depend on,', () => {
  const inputs = ['a', 'b', 'c', 'd'].map((name) => file(`shop/inputs/${name}`));
  const files = [file('shop/steady', 'the same'), ...inputs];
  const leaking = (things: readonly string[], changed: Partial<Surroundings>, under: readonly string[] = []) =>
    build(
      sandbox as Sandbox,
      { sh: '' },
      {
        files,
        build: { command: [...under, 'sh', '-c', LEAKY, 'leaky', ...things], output: 'dist', inputs: [] },
        surroundings: [BASE, { ...BASE, ...changed }],
      },
    ).then(
      () => 'neutralised',
      (error: SlipwayError) => {
        expect(error).toMatchObject({
          code: 'NOT_REPRODUCIBLE',
          message: expect.stringMatching(/: leak \(other content\)\./),
        });
        return 'caught';
      },
    );
  const possible = MATRIX.filter(({ takes }) => {
    if (takes === 'cpus') return OTHER.cpus !== null;
    return takes !== 'apart' || sandbox?.kind !== 'none';
  });

  test.each(possible)('$thing alone changes, and a leak of it is $becomes', async ({ thing, changed, becomes }) => {
    expect(await leaking([thing], changed)).toBe(becomes);
  });

  // No build of a component is lied to about the clock. Here the second one is, by a hand of the test's.
  test('the clock alone changes by years, and a leak of the date is caught', async ({ skip }) => {
    const path = (sandbox as Sandbox).path;
    if (spawnSync('faketime', ['--version'], { env: { PATH: path }, stdio: 'ignore' }).error !== undefined) {
      skip('faketime is not installed here: apt-get install faketime');
    }
    const inSecond = ['sh', '-c', '[ -z "$NOISE" ] || exec faketime "2001-02-03 04:05:06" "$@"; exec "$@"', 'clock'];
    expect(await leaking(['date'], { noise: OTHER.noise }, inSecond)).toBe('caught');
    // That is what was caught, and not that something else is run.
    expect(await leaking(['file times'], { noise: OTHER.noise }, inSecond)).toBe('neutralised');
  });

  test('while nothing is changed, they leak the same; but for the clock', async () => {
    const steady = possible.filter(({ thing, becomes }) => thing !== 'clock' && becomes === 'caught');
    // Without a sandbox, each build lies in a temporary folder of its own.
    const things = steady.filter(
      ({ thing }) => sandbox?.kind !== 'none' || !['path', 'environment noise'].includes(thing),
    );
    expect(
      await leaking(
        things.map(({ thing }) => thing),
        {},
      ),
    ).toBe('neutralised');
  });
});

test('the two builds of every component differ in all that can be varied', () => {
  const [one, two] = surroundings();
  expect(two.at).not.toBe(one.at);
  expect(two.order).not.toBe(one.order);
  for (const key of ['user', 'uid', 'host', 'umask'] as const) expect(two.identity[key]).not.toBe(one.identity[key]);
  for (const key of ['timeZone', 'locale', 'noise'] as const) expect(two[key]).not.toEqual(one[key]);
  expect([one.cpus, two.cpus]).toEqual([null, OTHER.cpus]);
});

describe('of the CPUs that a process may run on, all but one are', () => {
  test.each([
    ['0-3', '0-2'],
    ['0-1', '0'],
    ['0', null],
    ['5', null],
    ['0,4', '0'],
    ['0-3,8', '0-3'],
    ['0-3,8-9', '0-3,8'],
    ['0,2,4-6', '0,2,4-5'],
  ])('of %s, %s', (allowed, expected) => {
    expect(allButOne(`Name:\tnode\nCpus_allowed:\tff\nCpus_allowed_list:\t${allowed}\nMems_allowed_list:\t0\n`)).toBe(
      expected,
    );
  });

  test('unknown where there is no such file', () => {
    expect(allButOne('')).toBeNull();
  });
});
