import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { DoneInput } from '../../src/contract/done.ts';
import { BUILT_IN_RULES } from '../../src/done/built-in.ts';
import { evaluateDone } from '../../src/done/evaluate.ts';
import { EXAMPLE_INPUT as INPUT } from '../../src/done/example.ts';
import { compiledFolder } from '../../src/temporal/installation.ts';

const BUILT_IN = ['all stages passed', 'the soak held', 'smoke tests passed', 'the change is named'];

/** Six times as long with each level. */
const ENDLESS = Array.from({ length: 20 }, (_, level) => level).reduce(
  (inner, level) => `stages.all(s${level}, ${inner})`,
  'soak.held',
);
const DOUBLED = '["12345678"]' + '.map(a, a + a)'.repeat(25);

/** Names of the rules that do not hold. */
async function broken(input: DoneInput): Promise<readonly string[]> {
  return (await evaluateDone([], input)).filter(({ holds }) => !holds).map(({ name }) => name);
}

describe("the contract's own rules", () => {
  test('are judged for every deployment, with nothing in the platform file', async () => {
    const verdicts = await evaluateDone([], INPUT);
    expect(verdicts).toEqual(BUILT_IN.map((name) => ({ name, builtIn: true, holds: true, message: null })));
    expect(BUILT_IN_RULES.map(({ name }) => name)).toEqual(BUILT_IN);
  });

  const [intake, build, ...rest] = INPUT.stages;
  if (intake === undefined || build === undefined) throw new TypeError('the example lost its stages');
  test.each([
    ['a stage that failed', { ...INPUT, stages: [{ ...intake, result: 'failed' }, build, ...rest] }, BUILT_IN[0]],
    ['a stage that is missing', { ...INPUT, stages: [intake, ...rest] }, BUILT_IN[0]],
    ['stages in another order', { ...INPUT, stages: [build, intake, ...rest] }, BUILT_IN[0]],
    ['a stage twice', { ...INPUT, stages: [intake, intake, build, ...rest] }, BUILT_IN[0]],
    ['no stage', { ...INPUT, stages: [] }, BUILT_IN[0]],
    ['a soak that did not hold', { ...INPUT, soak: { ...INPUT.soak, held: false } }, BUILT_IN[1]],
    ['a soak without samples', { ...INPUT, soak: { ...INPUT.soak, samples: 0 } }, BUILT_IN[1]],
    ['a smoke test that failed', { ...INPUT, smoke: [...INPUT.smoke, { name: 'b', passed: false }] }, BUILT_IN[2]],
    ['no smoke test', { ...INPUT, smoke: [] }, BUILT_IN[2]],
    ...(['id', 'summary', 'reason', 'requestedBy'] as const).map((field) => {
      const change = { ...INPUT.deployment.change, [field]: '' };
      return [`a change without ${field}`, { ...INPUT, deployment: { ...INPUT.deployment, change } }, BUILT_IN[3]];
    }),
  ] as [string, DoneInput, string][])('%s is not done', async (_, input, name) => {
    expect(await broken(input)).toEqual([name]);
  });

  test('say what was found and what to do', async () => {
    const verdicts = await evaluateDone([], { ...INPUT, soak: { ...INPUT.soak, held: false } });
    expect(verdicts[1]?.message).toBe(
      'false: soak.held && soak.samples > 0; see the samples of post-deploy verification',
    );
  });
});

describe("a platform file's rules", () => {
  test('come after them, in the order of the file, each with its verdict', async () => {
    const rules = [
      { name: 'owner named', rule: 'component.owner != ""' },
      { name: 'quiet', rule: 'soak.errors ==\n  1', message: 'look at the log' },
      { name: 'latency', rule: 'metrics.p95 < 0.3', message: 'is Prometheus up?' },
    ];
    const verdicts = await evaluateDone(rules, INPUT);
    expect(verdicts.slice(0, 4).map(({ name }) => name)).toEqual(BUILT_IN);
    expect(verdicts.slice(4)).toEqual([
      { name: 'owner named', builtIn: false, holds: true, message: null },
      { name: 'quiet', builtIn: false, holds: false, message: 'false: soak.errors == 1; look at the log' },
      { name: 'latency', builtIn: false, holds: false, message: 'No such key: p95; is Prometheus up?' },
    ]);
    expect(await evaluateDone(rules, INPUT)).toEqual(verdicts);
  });

  test('count only in the environments that they name', async () => {
    const rules = [
      { name: 'here', rule: 'false', environments: ['production', 'staging'] },
      { name: 'there', rule: 'false', environments: ['production'] },
    ];
    const verdicts = await evaluateDone(rules, INPUT);
    expect(verdicts.slice(4).map(({ name }) => name)).toEqual(['here']);
  });

  test('see whole numbers and others as they are declared, and a metric that is no number not at all', async () => {
    const input = { ...INPUT, metrics: { p95: 1, broken: Number.NaN } };
    const rules = [
      { name: 'a', rule: 'metrics.p95 == 1.0 && soak.samples == 30' },
      { name: 'b', rule: '!(metrics.broken > 1.0)' },
    ];
    expect((await evaluateDone(rules, input)).slice(4).map(({ holds }) => holds)).toEqual([true, false]);
  });
});

describe('a rule that takes too much does not hold, and is named', () => {
  test('one that goes on for ever ends at the deadline; those after it were not reached', async () => {
    const rules = [
      { name: 'fine', rule: 'true' },
      { name: 'endless', rule: ENDLESS },
      { name: 'after', rule: 'true' },
    ];
    const begun = performance.now();
    const verdicts = await evaluateDone(rules, INPUT, { timeout: 200 });
    expect(performance.now() - begun).toBeLessThan(20_000);
    expect(verdicts.slice(4)).toEqual([
      { name: 'fine', builtIn: false, holds: true, message: null },
      { name: 'endless', builtIn: false, holds: false, message: 'it did not end within 200 ms' },
      {
        name: 'after',
        builtIn: false,
        holds: false,
        message: 'it was not reached, for a rule before it did not end',
      },
    ]);
  });

  test.each([
    ['many small values', `[[1, 2, 3, 4]]${'.map(a, a + a)'.repeat(40)}.size() > 0`],
    ['one large text', `${DOUBLED}.all(a, a.upperAscii() != "")`],
  ])('one that fills the memory with %s ends without us', async (_, rule) => {
    const verdicts = await evaluateDone([{ name: 'greedy', rule }], INPUT);
    const message = 'it took more than 64 MiB of memory';
    expect(verdicts.slice(4)).toEqual([{ name: 'greedy', builtIn: false, holds: false, message }]);
  });

  test('fifty ordinary ones do not', async () => {
    const rules = Array.from({ length: 50 }, (_, n) => ({
      name: `rule ${n}`,
      rule: `stages.all(s, s.seconds < ${n}.5)`,
    }));
    const verdicts = await evaluateDone(rules, INPUT);
    expect(verdicts.filter(({ holds }) => !holds).map(({ name }) => name)).toEqual(['rule 0']);
  });
});

test('a process that somebody else ends is no evidence against the change', async () => {
  const judged = evaluateDone([{ name: 'endless', rule: ENDLESS }], INPUT);
  for (const child of childrenOf(process.pid)) process.kill(child, 'SIGTERM');
  await expect(judged).rejects.toMatchObject({ code: 'INTERNAL', message: expect.stringMatching(/SIGTERM/) as string });
});

test('compiled code judges the same', async () => {
  const rules = [
    { name: 'owner named', rule: 'component.owner == ""', message: 'name one' },
    { name: 'endless', rule: ENDLESS },
  ];
  const options = { timeout: 200 };
  const program = `
    import { evaluateDone } from ${JSON.stringify(join(compiledFolder(), 'src/done/evaluate.js'))};
    const [rules, input, options] = ${JSON.stringify([rules, INPUT, options])};
    console.log(JSON.stringify(await evaluateDone(rules, input, options)));`;
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  expect(JSON.parse(said)).toEqual(await evaluateDone(rules, INPUT, options));
});

function childrenOf(pid: number): readonly number[] {
  const listed = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return listed === '' ? [] : listed.split(' ').map(Number);
}
