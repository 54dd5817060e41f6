import { execFileSync } from 'node:child_process';
import { dirname } from 'node:path';
import { createStoryRepository } from '../../src/demo/repository.ts';
import { readStory, storiesFolder, storyNames, type Story } from '../../src/demo/story.ts';

export const EXAMPLES = dirname(storiesFolder());

/** Every story that comes with Slipway. */
export const stories: readonly Story[] = await Promise.all((await storyNames()).map((name) => readStory(name)));

/** Tells a story's commits, up to and with step `last`, into an empty folder as a git repository. Returns the hashes. */
export async function tellInto(story: Story, folder: string, last = Infinity): Promise<readonly string[]> {
  const repository = await createStoryRepository({ story, folder });
  const hashes: string[] = [];
  for (const step of story.steps.slice(0, last)) {
    if ('commit' in step) hashes.push(await repository.commit(step.commit));
  }
  return hashes;
}

/** What git says of a repository. */
export function git(folder: string, args: readonly string[]): string {
  const env = { PATH: process.env['PATH'] ?? '', GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' };
  return execFileSync('git', args, { cwd: folder, env, encoding: 'utf8' }).trim();
}
