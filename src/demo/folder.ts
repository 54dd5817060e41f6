import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { removeUnpacked } from '../artifacts/unpack.ts';
import { loadPlatform, type LoadedPlatform } from '../config/load.ts';
import { SlipwayError } from '../contract/failure.ts';
import { lockFolder } from '../locks/folder.ts';
import { createMissingKeys } from '../signing/keys.ts';
import { createStoryRepository, type StoryRepository } from './repository.ts';
import type { Story } from './story.ts';

/** Where one demo plays: a platform and a repository of its own. */
export interface DemoFolder {
  readonly folder: string;
  readonly loaded: LoadedPlatform;
  /** Folder of the private keys, which end with the demo; the platform file keeps the public ones. */
  readonly keys: string;
  /** Name of the platform's one source, which is `repository`. */
  readonly source: string;
  readonly repository: StoryRepository;
  /** Lets the next demo begin here. */
  readonly release: () => Promise<void>;
}

/**
 * Makes `folder` anew: what an earlier demo left is taken away, unless something runs on it.
 * @param sandbox written into the platform file in place of what the story's says, unless null.
 * @throws ALREADY_UP when a demo, or `slipway up`, runs there
 */
export async function prepareFolder(folder: string, story: Story, sandbox: 'none' | null): Promise<DemoFolder> {
  const lock = await lockFolder(folder);
  try {
    await (await lockFolder(join(folder, '.slipway'))).release();
    const earlier = (await readdir(folder)).filter((name) => !name.startsWith('up.lock'));
    for (const name of earlier) await removeUnpacked(join(folder, name));

    const file = join(folder, 'platform.yaml');
    await writeFile(file, await platformFile(story, sandbox));
    const keys = join(folder, 'keys');
    await createMissingKeys({ loaded: await loadPlatform(file), env: { SLIPWAY_KEYS: keys }, now: new Date() });
    const loaded = await loadPlatform(file);
    const source = onlySource(loaded);
    const gitFolder = resolve(folder, source.url);
    const repository = await createStoryRepository({ story, folder: join(folder, source.name), gitFolder });
    return { folder, loaded, keys, source: source.name, repository, release: () => lock.release() };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function platformFile(story: Story, sandbox: 'none' | null): Promise<string> {
  const written = await readFile(resolve(story.folder, story.platform), 'utf8');
  const trusting = `${written.trimEnd()}\n\n${TRUST}`;
  if (sandbox === null) return trusting;
  const document = parseDocument(trusting);
  document.setIn(['build', 'sandbox'], sandbox);
  return String(document);
}

const TRUST = `# Whose signatures count: keys of this demo alone.
trust:
  keys: []
`;

function onlySource({ file, platform }: LoadedPlatform): LoadedPlatform['platform']['sources'][number] {
  const [source, ...others] = platform.sources;
  if (source !== undefined && others.length === 0) return source;
  throw new SlipwayError(
    'FILE_INVALID',
    `${file}: sources: found ${platform.sources.length}, expected one for a story; leave one`,
  );
}
