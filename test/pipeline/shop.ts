import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What a version of the web component does; written into the source, so that each is a revision of its own. */
export interface Behaviour {
  /** What the page says. */
  readonly text: string;
  /** Overrides of `slipway.yaml`, as YAML lines. */
  readonly manifest?: string;
  /** Replaces the server. */
  readonly server?: string;
  /** Replaces the build. */
  readonly build?: string;
}

const IDENTITY = {
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.org',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.org',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
};

const MANIFEST = `health: { path: /healthz, interval: 50ms, timeout: 500ms, failures: 2 }
smoke:
  - { name: home page, path: /, includes: web }
run: { command: [node, server.mjs], startWithin: 5s }
build: { command: [node, build.mjs], output: dist }
`;

const BUILD = `import { cpSync, mkdirSync } from 'node:fs';
mkdirSync('dist', { recursive: true });
for (const file of ['server.mjs', 'text.txt']) cpSync(file, 'dist/' + file);
`;

const SERVER = `import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
const text = readFileSync(new URL('text.txt', import.meta.url), 'utf8');
createServer((request, response) => response.end(request.url === '/healthz' ? 'ok' : 'web ' + text)).listen(Number(process.env.PORT), '127.0.0.1');
`;

/** A real git repository with one component, `web`, whose versions a test writes as it needs them. */
export function createShop(folder: string) {
  let changes = 0;
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: folder, env: { ...process.env, ...IDENTITY }, encoding: 'utf8' }).trim();
  const write = (path: string, content: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  };
  mkdirSync(folder, { recursive: true });
  git('init', '--quiet', '--initial-branch', 'main');

  const commit = (message: string): string => {
    git('add', '--all');
    git('commit', '--quiet', '--allow-empty', '--message', message);
    return git('rev-parse', 'HEAD');
  };

  return {
    folder,
    git,
    write,
    commit,
    remove: (path: string): void => rmSync(join(folder, path), { recursive: true }),
    /** Writes and commits a version of `web` with a change of its own. */
    version(behaviour: Behaviour): { readonly change: string; readonly revision: string } {
      changes += 1;
      const change = `CHG-${changes}`;
      write(
        'web/slipway.yaml',
        `apiVersion: slipway/v1\ncomponent: web\nkind: storefront\n${behaviour.manifest ?? MANIFEST}`,
      );
      write('web/build.mjs', behaviour.build ?? BUILD);
      write('web/server.mjs', behaviour.server ?? SERVER);
      write('web/text.txt', behaviour.text);
      write(
        `changes/${change}.yaml`,
        `id: ${change}\nsummary: Say ${JSON.stringify(behaviour.text)}\nreason: a test wants it\ncomponents: [web]\nscope: [web/**]\n`,
      );
      return { change, revision: commit(`Say ${behaviour.text}\n\nChange: ${change}`) };
    },
  };
}

export type Shop = ReturnType<typeof createShop>;

/** The parts of `slipway.yaml` that tests replace, one by one. */
export const manifestWith = (lines: {
  readonly health?: string;
  readonly smoke?: string;
  readonly run?: string;
  readonly build?: string;
}): string =>
  [
    `health: ${lines.health ?? '{ path: /healthz, interval: 50ms, timeout: 500ms, failures: 2 }'}`,
    `smoke: ${lines.smoke ?? '[{ name: home page, path: /, includes: web }]'}`,
    `run: ${lines.run ?? '{ command: [node, server.mjs], startWithin: 5s }'}`,
    `build: ${lines.build ?? '{ command: [node, build.mjs], output: dist }'}`,
    '',
  ].join('\n');
