import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { changeSchema } from '../../src/config/change.ts';
import { manifestSchema } from '../../src/config/manifest.ts';
import { platformSchema } from '../../src/config/platform.ts';
import { EXAMPLES, git, story, tellInto } from './story.ts';
import { globMatcher } from '../../src/source/glob.ts';

let folder: string;
let hashes: readonly string[];
const told = story.steps.filter((step) => 'commit' in step);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-story-'));
  hashes = await tellInto(join(folder, 'shop'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const at = (index: number, path: string): string => git(join(folder, 'shop'), ['show', `${hashes[index]}:${path}`]);

describe('the story of the first week', () => {
  test('gives the same commits each time it is told', async () => {
    expect(hashes).toHaveLength(told.length);
    expect(await tellInto(join(folder, 'again'))).toEqual(hashes);
  });

  test('has the platform file, manifests and changes that Slipway reads', () => {
    platformSchema.parse(parse(readFileSync(join(EXAMPLES, 'shop-platform.yaml'), 'utf8')));
    for (const [index] of told.entries()) {
      const paths = git(join(folder, 'shop'), ['ls-tree', '-r', '--name-only', hashes[index] ?? '']).split('\n');
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
      const touched = git(join(folder, 'shop'), ['show', '--format=', '--name-only', hashes[index] ?? ''])
        .split('\n')
        .filter((path) => ofComponent(path));
      expect(touched).not.toEqual([]);
      expect(touched.filter((path) => !globMatcher(change.scope)(path))).toEqual([]);
    },
  );

  test('ends with a commit of the storefront that names no change', () => {
    const last = told.at(-1);
    expect(last?.commit.message).not.toMatch(/^Change:/m);
    expect(last?.expect).toEqual({ result: 'rejected', failure: 'UNDOCUMENTED_CHANGE' });
    expect(git(join(folder, 'shop'), ['show', '--format=', '--name-only', 'HEAD'])).toMatch(/^storefront\//);
  });
});
