import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { environmentsOf, readStory } from '../../src/demo/story.ts';

const STORY = `story: night
title: A quiet night
repository: ../shop
platform: ../platform.yaml
environment: night-shift
branch: main
client: { component: storefront, path: / }
steps:
  - title: Somebody opens the lane
    resume: { component: storefront, by: ada, reason: all is well }
`;

let stories: string;
beforeEach(async () => {
  stories = await mkdtemp(join(tmpdir(), 'slipway-stories-'));
});
afterEach(() => rm(stories, { recursive: true, force: true }));

async function written(text: string): Promise<void> {
  await mkdir(join(stories, 'night'), { recursive: true });
  await writeFile(join(stories, 'night', 'story.yaml'), text);
}

describe('a story', () => {
  test('is read from its folder, which its paths start from', async () => {
    await written(STORY);
    expect(await readStory('night', stories)).toMatchObject({
      title: 'A quiet night',
      folder: join(stories, 'night'),
      steps: [{ resume: { by: 'ada' } }],
    });
  });

  test('plays in its own environment, and in those that its steps name', async () => {
    const step = deploying('result: completed, failure: null');
    await written(step.replace('change: CHG-1,', 'environment: workshop, change: CHG-1,'));
    expect(environmentsOf(await readStory('night', stories))).toEqual(['night-shift', 'workshop']);
  });

  test('that does not exist is refused, and those that do are named', async () => {
    await written(STORY);
    await mkdir(join(stories, 'day'));
    await expect(readStory('dusk', stories)).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringMatching(/found dusk, expected .*: day, night$/),
    });
  });

  test.each(['..', '.', 'night/../night', ''])('is not looked for elsewhere: %j', async (name) => {
    await written(STORY);
    await expect(readStory(name, stories)).rejects.toMatchObject({ code: 'USAGE' });
  });

  test('whose file is missing is refused with its place', async () => {
    await mkdir(join(stories, 'night'));
    await expect(readStory('night', stories)).rejects.toMatchObject({
      code: 'FILE_INVALID',
      message: expect.stringContaining('night/story.yaml: found none'),
    });
  });

  test.each([
    ['a key that nobody knows', STORY.replace('branch:', 'brunch:'), /:6:1 .*unknown key.*did you mean "branch"/],
    ['a step that neither deploys nor resumes', `${STORY}  - title: Nothing happens\n`, /:11:\d+ .*steps\.1/],
    [
      'a result that no deployment has',
      deploying('result: perfect, failure: null'),
      /result: found "perfect", expected one of completed/,
    ],
    [
      'a way back that comes to nothing that one can',
      deploying('result: rolled-back, failure: SMOKE_FAILED, rollback: quick'),
      /rollback: found "quick", expected one of restored, late, removed/,
    ],
    [
      'something that nobody but a person does by himself',
      `${deploying('result: completed, failure: null')}    afterwards: { result: completed, failure: null, by: ada }\n`,
      /afterwards\.by: found "ada", expected/,
    ],
    ['a failure that has no such code', deploying('result: failed, failure: BAD_LUCK'), /failure: found "BAD_LUCK"/],
  ])('with %s is refused with line and remedy', async (_, text, message) => {
    await written(text);
    await expect(readStory('night', stories)).rejects.toMatchObject({
      code: 'FILE_INVALID',
      message: expect.stringMatching(message),
    });
  });
});

function deploying(expectation: string): string {
  return `${STORY}  - title: It is deployed
    commit: { files: x, message: m, author: Ada <ada@kiln.example>, date: 2026-11-02T09:00:00Z }
    deploy: { component: storefront, change: CHG-1, by: ada }
    expect: { ${expectation} }
`;
}
