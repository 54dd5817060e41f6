import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { z } from 'zod';
import { readYaml } from '../config/read.ts';
import { name, path, word } from '../config/words.ts';
import { FAILURES, SlipwayError, type FailureCode } from '../contract/failure.ts';
import { RESULTS } from '../contract/record.ts';
import { compiledFolder } from '../temporal/installation.ts';

const text = word.min(1);

/** A commit takes `paths` of the example repository as it stands, or copies the files of `steps/<files>` over it. */
const commit = z.strictObject({
  paths: z.array(path).default([]),
  files: path.optional(),
  message: text,
  author: text.regex(/^[^<>]+ <[^<>]+>$/, 'an author such as Ada Brandt <ada@kiln.example>'),
  date: z.iso.datetime('a time such as 2026-11-02T09:00:00Z'),
});

const expectation = z.strictObject({
  result: z.enum(RESULTS),
  failure: z.enum(Object.keys(FAILURES) as [FailureCode, ...FailureCode[]]).nullable(),
  /** What the way back came to; not looked at unless given. */
  rollback: z.enum(['restored', 'late', 'removed']).optional(),
});

/** What a lane does by itself afterwards: it is waited for, and holds the target. */
const consequence = expectation.extend({ by: z.literal('slipway') });

const deployStep = z.strictObject({
  title: text,
  /** Somebody opens the lane again first; it is held then. */
  resume: z.strictObject({ by: text, reason: text }).optional(),
  commit,
  /** The story's environment unless another is named. */
  deploy: z.strictObject({ component: name, environment: name.optional(), change: text, by: text }),
  expect: expectation,
  afterwards: consequence.optional(),
  /** Whether the client may see requests fail in this step: something bad is live for a moment. */
  mayFail: z.boolean().default(false),
});

const resumeStep = z.strictObject({
  title: text,
  resume: z.strictObject({ component: name, by: text, reason: text }),
});

/** `story.yaml`. Its paths are relative to its own folder. */
const storySchema = z.strictObject({
  story: name,
  title: text,
  /** Folder of the files that the commits are made of. */
  repository: path,
  /** The platform file that the story plays on: one source, which is `repository`. */
  platform: path,
  environment: name,
  branch: text,
  /** What somebody goes on asking, from the moment that it is first live. */
  client: z.strictObject({ component: name, path: text.startsWith('/') }),
  steps: z.array(z.union([deployStep, resumeStep])).min(1),
});

/** A story for `slipway demo`: commits, what becomes of each, and what people do in between. */
export type Story = z.output<typeof storySchema> & {
  /** Absolute path of the folder that its `story.yaml` lies in. */
  readonly folder: string;
};

export type Commit = z.output<typeof commit>;
export type Expectation = z.output<typeof expectation>;
export type Consequence = z.output<typeof consequence>;
export type DeployStep = z.output<typeof deployStep>;
export type ResumeStep = z.output<typeof resumeStep>;
export type Step = DeployStep | ResumeStep;

/** Every environment that a story deploys to, its own first. */
export function environmentsOf({ environment, steps }: Story): readonly string[] {
  const others = steps.flatMap((step) => ('deploy' in step ? (step.deploy.environment ?? []) : []));
  return [...new Set([environment, ...others])];
}

/** The stories that come with Slipway, in `examples/stories` of this installation. */
export function storiesFolder(): string {
  return join(dirname(compiledFolder()), 'examples', 'stories');
}

/** Names of the stories that there are, sorted. */
export async function storyNames(stories = storiesFolder()): Promise<readonly string[]> {
  const entries = await readdir(stories, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .toSorted();
}

/**
 * @param stories folder of the stories.
 * @throws USAGE when there is no such story, with those that exist; FILE_INVALID when its file is wrong
 */
export async function readStory(named: string, stories = storiesFolder()): Promise<Story> {
  const names = await storyNames(stories);
  if (!names.includes(named)) {
    throw new SlipwayError(
      'USAGE',
      `--story: found ${named}, expected one of the stories that exist: ${names.join(', ')}`,
    );
  }
  const folder = resolve(stories, named);
  const file = join(folder, 'story.yaml');
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new SlipwayError('FILE_INVALID', `${file}: found none that can be read, expected the story; write it`, {
      cause,
    });
  });
  return { ...readYaml(storySchema, bytes, relative(process.cwd(), file), 'FILE_INVALID'), folder };
}
