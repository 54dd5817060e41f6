import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest } from '../config/manifest.ts';
import type { Digest } from '../contract/digest.ts';
import type { SandboxKind } from '../contract/sandbox-strength.ts';
import type { SourceFile } from '../source/repository.ts';
import type { DependenciesInside } from './dependencies/manager.ts';
import { checkEnd, checkOutputPath, checkReproduced, missingOutput } from './judgement.ts';
import { digestOf, readOutput, type OutputTree } from './output.ts';
import type { Limits, Sandbox } from './sandbox.ts';
import { packSources } from './sources.ts';
import { surroundings, type Surroundings } from './surroundings.ts';

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
  /** What was fetched for it; nothing unless given. */
  readonly dependencies?: DependenciesInside | undefined;
  /** A folder of ours that exists; the output will lie in it. */
  readonly scratch: string;
  /** Of the two builds; {@link surroundings} unless given. */
  readonly surroundings?: readonly [Surroundings, Surroundings];
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
 *   NOT_REPRODUCIBLE; DEPENDENCIES_INVALID, DEPENDENCIES_UNAVAILABLE; the signal's reason.
 */
export async function buildTwice(request: BuildRequest): Promise<BuiltOutput> {
  checkOutputPath(request.build);
  const work = join(request.scratch, `build-${randomUUID()}`);
  await mkdir(work);
  const [first, second] = request.surroundings ?? surroundings();
  const one = await buildOnce(request, first, join(work, 'first'));
  const two = await buildOnce(request, second, join(work, 'second'));
  await rm(join(work, 'second'), { recursive: true, force: true });

  checkReproduced(one.tree, two.tree);
  const builds = [{ digest: digestOf(one.tree) }, { digest: digestOf(two.tree) }] as const;
  return { folder: join(work, 'first'), sandbox: request.sandbox.kind, builds, log: one.log };
}

async function buildOnce(
  request: BuildRequest,
  { at, order, identity, timeZone, locale, cpus, noise }: Surroundings,
  folder: string,
): Promise<{ readonly tree: OutputTree; readonly log: string }> {
  const { build, sandbox, limits, sourceDateEpoch, dependencies } = request;
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
        TZ: timeZone,
        CI: 'true',
        SOURCE_DATE_EPOCH: String(sourceDateEpoch),
        ...locale,
        ...dependencies?.environment,
        ...noise,
      },
      identity,
      ...(cpus !== null && { cpus }),
      ...(dependencies && { prepare: dependencies.prepare, shares: [dependencies.share] }),
      files: { ...packSources(request.files, { folder: request.folder, order, mtime: sourceDateEpoch }), at },
      output: { folder: build.output, file: tar },
      limits,
    },
    request.signal,
  );
  if (!result.prepared && dependencies) throw await dependencies.whyUnprepared(result);
  checkEnd(result, build, limits);
  const tree = await readOutput(tar, folder);
  await rm(tar);
  if ([...tree.values()].every((entry) => entry === 'folder')) throw missingOutput(build, 'holds no file');
  return { tree, log: result.log };
}
