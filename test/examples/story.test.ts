import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { changeSchema } from '../../src/config/change.ts';
import { manifestSchema } from '../../src/config/manifest.ts';
import { platformSchema } from '../../src/config/platform.ts';
import { environmentsOf, type DeployStep } from '../../src/demo/story.ts';
import { globMatcher } from '../../src/source/glob.ts';
import { git, stories, tellInto } from './story.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-story-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('there are two stories', () => {
  expect(stories.map(({ story }) => story)).toEqual(['bad-day', 'first-week']);
});

describe.each(stories)('the story $story', (story) => {
  const told = story.steps.filter((step): step is DeployStep => 'commit' in step);
  const at = (index: number, path: string): string => git(shop, ['show', `${hashes[index]}:${path}`]);
  let shop: string;
  let hashes: readonly string[];
  beforeAll(async () => {
    shop = join(folder, story.story, 'shop');
    hashes = await tellInto(story, shop);
  });

  test('gives the same commits each time it is told', async () => {
    expect(hashes).toHaveLength(told.length);
    expect(await tellInto(story, join(folder, story.story, 'again'))).toEqual(hashes);
  });

  test('plays on environments that its platform file has', () => {
    const platform = platformSchema.parse(parse(readFileSync(resolve(story.folder, story.platform), 'utf8')));
    expect(Object.keys(platform.environments)).toEqual(environmentsOf(story));
  });

  test('has the manifests and changes that Slipway reads', () => {
    for (const [index] of told.entries()) {
      const written = ['show', '--format=', '--name-only', '--diff-filter=d', hashes[index] ?? ''];
      const paths = git(shop, written).split('\n');
      for (const path of paths.filter((name) => name.endsWith('/slipway.yaml'))) {
        expect(manifestSchema.parse(parse(at(index, path))).component).toBe(path.split('/')[0]);
      }
      for (const path of paths.filter((name) => name.startsWith('changes/'))) {
        expect(`changes/${changeSchema.parse(parse(at(index, path))).id}.yaml`).toBe(path);
      }
    }
  });

  test.each(told.filter((step) => step.expect.result !== 'rejected'))(
    'a documented commit stays in the scope of its change: $title',
    ({ commit, deploy }) => {
      const index = told.findIndex((step) => step.commit === commit);
      const id = /^Change: (\S+)$/m.exec(commit.message)?.[1];
      const change = changeSchema.parse(parse(at(index, `changes/${id}.yaml`)));
      expect(deploy.change).toBe(id);
      expect(change.components).toEqual([deploy.component]);

      const manifest = manifestSchema.parse(parse(at(index, `${deploy.component}/slipway.yaml`)));
      const ofComponent = globMatcher([`${deploy.component}/**`, ...manifest.build.inputs]);
      const touched = git(shop, ['show', '--format=', '--name-only', hashes[index] ?? ''])
        .split('\n')
        .filter((path) => ofComponent(path));
      expect(touched).not.toEqual([]);
      expect(touched.filter((path) => !globMatcher(change.scope)(path))).toEqual([]);
    },
  );
});

test('the first week ends with a commit of the storefront that names no change', () => {
  const last = stories
    .find(({ story }) => story === 'first-week')
    ?.steps.filter((step): step is DeployStep => 'commit' in step)
    .at(-1);
  expect(last?.commit.message).not.toMatch(/^Change:/m);
  expect(last?.expect).toEqual({ result: 'rejected', failure: 'UNDOCUMENTED_CHANGE' });
  const shop = join(folder, 'first-week', 'shop');
  expect(git(shop, ['show', '--format=', '--name-only', 'HEAD'])).toMatch(/^storefront\//);
});

test('a bad day names no owner in exactly one commit', () => {
  const shop = join(folder, 'bad-day', 'shop');
  const hashes = git(shop, ['log', '--format=%H', '--', 'storefront/slipway.yaml']).split('\n');
  const owners = hashes.map(
    (hash) => manifestSchema.parse(parse(git(shop, ['show', `${hash}:storefront/slipway.yaml`]))).owner,
  );
  expect(owners).toEqual(['Ben Okafor', undefined, 'Ben Okafor']);
});
