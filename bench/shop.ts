import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';

/** Milliseconds, but for `failures`: what the component declares of its health, and so how soon a fault is to be known. */
export const HEALTH = { interval: 200, timeout: 200, failures: 3 } as const;

/** How a version can be made to go wrong while it is live, each by a request for `/fault/<kind>`. */
export const FAULTS = ['error', 'hang', 'exit'] as const;

export type Fault = (typeof FAULTS)[number];

export interface Version {
  /** What its page says; each version has another, so that each is an artifact of its own. */
  readonly text: string;
  /** Whether it passes its smoke tests where it is live. In verification every version does. */
  readonly passes: boolean;
}

/** A revision that can be ordered. */
export interface Revision {
  readonly change: string;
  readonly revision: string;
}

/** What the component's page says. */
export interface Page {
  readonly text: string;
  /** When this instance last answered the smoke test that runs where it is live; null when it never did. */
  readonly smokedAt: number | null;
}

const MANIFEST = `apiVersion: slipway/v1
component: web
kind: storefront
health: { path: /healthz, interval: ${HEALTH.interval}ms, timeout: ${HEALTH.timeout}ms, failures: ${HEALTH.failures} }
smoke:
  - { name: has a page, path: /, includes: text }
  - { name: works where it is live, path: /smoke, at: [live] }
run: { command: [node, server.mjs], startWithin: 10s }
build: { command: [node, build.mjs], output: dist }
`;

const BUILD = `import { cpSync, mkdirSync } from 'node:fs';
mkdirSync('dist', { recursive: true });
for (const file of ['server.mjs', 'version.json']) cpSync(file, 'dist/' + file);
`;

const SERVER = `import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const { text, passes } = JSON.parse(readFileSync(new URL('version.json', import.meta.url), 'utf8'));
let smokedAt = null;
let fault = null;

createServer(({ url }, response) => {
  if (url.startsWith('/fault/')) {
    fault = url.slice('/fault/'.length);
    response.end(String(Date.now()), () => fault === 'exit' && process.exit(1));
    return;
  }
  if (fault === 'hang') return;
  if (fault === 'error') response.statusCode = 500;
  if (url === '/smoke') {
    smokedAt = Date.now();
    if (!passes) response.statusCode = 500;
  }
  response.end(JSON.stringify({ text, smokedAt }));
}).listen(Number(process.env.PORT), '127.0.0.1');
`;

const IDENTITY = {
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.org',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.org',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
};

/** A git repository with one component, `web`, that grows by a version at a time. */
export interface Shop {
  /** Commits a version, with a change of its own. */
  version(version: Version): Promise<Revision>;
}

export async function createShop(folder: string): Promise<Shop> {
  let changes = 0;
  const git = async (...args: string[]): Promise<string> =>
    (await execa('git', args, { cwd: folder, env: IDENTITY })).stdout;
  const write = async (path: string, content: string): Promise<void> => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  };
  await mkdir(folder, { recursive: true });
  await git('init', '--quiet', '--initial-branch', 'main');
  return {
    async version(version) {
      changes += 1;
      const change = `CHG-${changes}`;
      await write('web/slipway.yaml', MANIFEST);
      await write('web/build.mjs', BUILD);
      await write('web/server.mjs', SERVER);
      await write('web/version.json', JSON.stringify(version));
      await write(
        `changes/${change}.yaml`,
        `id: ${change}\nsummary: Say ${version.text}\nreason: it is measured\ncomponents: [web]\nscope: [web/**]\n`,
      );
      await git('add', '--all');
      await git('commit', '--quiet', '--message', `Say ${version.text}\n\nChange: ${change}`);
      return { change, revision: await git('rev-parse', 'HEAD') };
    },
  };
}
