import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { SlipwayError } from '../contract/failure.ts';
import { withoutCredentials } from './address.ts';

/** All the configuration that git gets. A file, because git hands `-c` options on to no other git that it starts. */
const CONFIG = `[core]
	hooksPath = /dev/null
	fsmonitor = false
[protocol]
	allow = never
[protocol "ext"]
	allow = never
[protocol "file"]
	allow = always
[protocol "git"]
	allow = always
[protocol "http"]
	allow = always
[protocol "https"]
	allow = always
[protocol "ssh"]
	allow = always
[safe]
	directory = *
[gc]
	autoDetach = false
[credential]
	helper =
`;

/** What git may know of our environment: where programs are, and how the network is reached. */
const PASSED = [
  'PATH',
  'SSH_AUTH_SOCK',
  'SSL_CERT_FILE',
  'http_proxy',
  'https_proxy',
  'HTTPS_PROXY',
  'no_proxy',
  'NO_PROXY',
];

/** How long git may take over one command: the first fetch of a large repository is the longest. */
const TIMEOUT = 15 * 60_000;

export interface GitOptions {
  /** Written to git's standard input. */
  readonly input?: string;
  /** Exit codes that are an answer, not a failure; `[0]` unless given. */
  readonly answers?: readonly number[];
}

export interface GitResult {
  readonly exitCode: number;
  readonly stdout: Buffer;
}

/**
 * The git CLI on one mirror: without hooks, without configuration of the user or the system, without prompts, and with
 * nothing of our environment that it does not need.
 */
export interface Git {
  /** @throws GIT_MISSING, and SOURCE_UNAVAILABLE for an exit code that is no answer */
  run(args: readonly string[], options?: GitOptions): Promise<GitResult>;
  /** Standard output piece by piece; git ends when the reader does. Throws as {@link run}. */
  stream(args: readonly string[]): AsyncGenerator<Uint8Array>;
}

/**
 * @param mirror git folder; made when it is first used
 * @param environment of this process: see PASSED
 */
export function createGit(mirror: string, environment: NodeJS.ProcessEnv): Git {
  const home = path.join(mirror, 'slipway');
  const config = path.join(home, '.gitconfig');
  const env = {
    ...Object.fromEntries(PASSED.flatMap((key) => (environment[key] === undefined ? [] : [[key, environment[key]]]))),
    HOME: home,
    XDG_CONFIG_HOME: home,
    GIT_CONFIG_GLOBAL: config,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_ALLOW_PROTOCOL: 'file:git:http:https:ssh',
    GIT_TERMINAL_PROMPT: '0',
    GIT_SSH_COMMAND: 'ssh -oBatchMode=yes',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_NO_LAZY_FETCH: '1',
    GIT_LITERAL_PATHSPECS: '1',
    LC_ALL: 'C',
  };
  const start = {
    cwd: home,
    env,
    extendEnv: false,
    encoding: 'buffer',
    stripFinalNewline: false,
    reject: false,
  } as const;

  let prepared: Promise<void> | null = null;
  const prepare = async (): Promise<void> => {
    await mkdir(home, { recursive: true });
    await writeFile(config, CONFIG);
    const result = await execa('git', ['init', '--quiet', '--bare', '--', mirror], { ...start, timeout: TIMEOUT });
    if (result.failed) throw failure('init', result);
  };
  const ready = (): Promise<void> => {
    prepared ??= prepare().catch((error: unknown) => {
      prepared = null;
      if (error instanceof SlipwayError) throw error;
      const why = error instanceof Error ? error.message : String(error);
      throw new SlipwayError('SOURCE_UNAVAILABLE', `the mirror cannot be written: ${why}`, { cause: error });
    });
    return prepared;
  };

  return {
    async run(args, { input = '', answers = [0] } = {}) {
      await ready();
      const options = { ...start, input, timeout: TIMEOUT, maxBuffer: Number.MAX_SAFE_INTEGER };
      const result = await execa('git', [`--git-dir=${mirror}`, ...args], options);
      if (result.exitCode === undefined || !answers.includes(result.exitCode)) throw failure(args[0], result);
      return { exitCode: result.exitCode, stdout: Buffer.from(result.stdout) };
    },

    async *stream(args) {
      await ready();
      const git = execa('git', [`--git-dir=${mirror}`, ...args], { ...start, buffer: { stdout: false, stderr: true } });
      yield* git.iterable({ from: 'stdout', binary: true, preserveNewlines: true });
      const result = await git;
      if (result.failed) throw failure(args[0], result);
    },
  };
}

interface Failed {
  readonly code?: string | undefined;
  readonly timedOut: boolean;
  readonly shortMessage?: string | undefined;
  readonly stderr?: Uint8Array | undefined;
}

function failure(command: string | undefined, result: Failed): SlipwayError {
  if (result.code === 'ENOENT') {
    return new SlipwayError('GIT_MISSING', 'git was not found on PATH, and sources are read with it; install git');
  }
  const said = Buffer.from(result.stderr ?? '')
    .toString()
    .trim()
    .split('\n')
    .slice(-5)
    .join('\n');
  const why = result.timedOut
    ? `no end after ${TIMEOUT / 60_000} minutes`
    : said || (result.shortMessage ?? 'no reason given');
  return new SlipwayError('SOURCE_UNAVAILABLE', `git ${command} failed: ${withoutCredentials(why)}`);
}
