import { randomInt, randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest } from '../config/manifest.ts';
import type { Digest } from '../contract/digest.ts';
import type { SourceFile } from '../source/repository.ts';
import { checkEnd, checkOutputPath, checkReproduced, missingOutput } from './judgement.ts';
import { digestOf, readOutput, type OutputTree } from './output.ts';
import { UNASSIGNED_UIDS, type Limits, type Sandbox, type SandboxJob, type SandboxKind } from './sandbox.ts';
import { packSources, type Checkout } from './sources.ts';

export interface BuildRequest {
  /** The component's files and its `inputs`, at one revision. */
  readonly files: readonly SourceFile[];
  /** The component's folder in the repository; `''` or `.` when it is the whole of it. */
  readonly folder: string;
  readonly build: Manifest['build'];
  /** Seconds since 1970 of the commit. */
  readonly sourceDateEpoch: number;
  readonly limits: Limits;
  readonly sandbox: Sandbox;
  /** A folder of ours that exists; the output will lie in it. */
  readonly scratch: string;
  readonly signal?: AbortSignal | undefined;
}

export interface BuiltOutput {
  /** Holds the output's files. */
  readonly folder: string;
  readonly sandbox: SandboxKind;
  /** Of the two outputs: equal. */
  readonly builds: readonly [{ readonly digest: Digest }, { readonly digest: Digest }];
  /** What the first build wrote. */
  readonly log: string;
}

/**
 * Builds a component twice, in surroundings that differ in whatever an artifact must not depend on, and holds the
 * outputs against each other (§6: reproducible).
 * @throws UNSAFE_PATH, BUILD_FAILED, BUILD_TIMED_OUT, BUILD_OUTPUT_TOO_LARGE, BUILD_OUTPUT_MISSING, BUILD_OUTPUT_UNSAFE,
 *   NOT_REPRODUCIBLE; the signal's reason.
 */
export async function buildTwice(request: BuildRequest): Promise<BuiltOutput> {
  checkOutputPath(request.build);
  const work = join(request.scratch, `build-${randomUUID()}`);
  await mkdir(work);
  const [first, second] = surroundings();
  const one = await buildOnce(request, first, join(work, 'first'));
  const two = await buildOnce(request, second, join(work, 'second'));
  await rm(join(work, 'second'), { recursive: true, force: true });

  checkReproduced(one.tree, two.tree);
  const builds = [{ digest: digestOf(one.tree) }, { digest: digestOf(two.tree) }] as const;
  return { folder: join(work, 'first'), sandbox: request.sandbox.kind, builds, log: one.log };
}

/** What differs from one build to the other. */
interface Surroundings extends Pick<Checkout, 'order'> {
  readonly at: string;
  readonly identity: SandboxJob['identity'];
  readonly timeZone: string;
}

function surroundings(): readonly [Surroundings, Surroundings] {
  const { first, last } = UNASSIGNED_UIDS;
  // Drawn anew, as the kernel counts the processes of all that run under one number.
  const middle = Math.floor((first + last) / 2);
  return [
    {
      at: '/build/source',
      order: 'sorted',
      identity: { user: 'wright', uid: randomInt(first, middle), host: 'keel', umask: '022' },
      timeZone: 'UTC',
    },
    {
      at: '/home/joiner/another-checkout',
      order: 'reverse',
      identity: { user: 'joiner', uid: randomInt(middle, last + 1), host: 'mast', umask: '002' },
      timeZone: 'Pacific/Auckland',
    },
  ];
}

async function buildOnce(
  request: BuildRequest,
  { at, order, identity, timeZone }: Surroundings,
  folder: string,
): Promise<{ readonly tree: OutputTree; readonly log: string }> {
  const { build, sandbox, limits, sourceDateEpoch } = request;
  const tar = `${folder}.tar`;
  const result = await sandbox.run(
    {
      command: build.command,
      workingFolder: join(at, request.folder),
      environment: {
        PATH: sandbox.path,
        HOME: { place: '/tmp' },
        TMPDIR: { place: '/tmp' },
        USER: identity.user,
        LANG: 'C.UTF-8',
        TZ: timeZone,
        CI: 'true',
        SOURCE_DATE_EPOCH: String(sourceDateEpoch),
      },
      identity,
      files: { ...packSources(request.files, { folder: request.folder, order, mtime: sourceDateEpoch }), at },
      output: { folder: build.output, file: tar },
      limits,
    },
    request.signal,
  );
  checkEnd(result, build, limits);
  const tree = await readOutput(tar, folder);
  await rm(tar);
  if ([...tree.values()].every((entry) => entry === 'folder')) throw missingOutput(build, 'holds no file');
  return { tree, log: result.log };
}
