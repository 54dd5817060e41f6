import { z } from 'zod';
import { NAME, parseTarget } from '../contract/target.ts';
import { secretsProvider } from './component-secrets.ts';
import { definitionOfDone } from './done.ts';
import { duration } from './duration.ts';
import { baseAddress } from './http-address.ts';
import { prometheus } from './prometheus.ts';
import { overlapsIn } from './secret-variables.ts';
import { contradictionsIn, limits, soak } from './soak.ts';
import { storeSchema } from './store.ts';
import { signingSchema, trustSchema, undeclaredIn } from './trust.ts';
import { verificationSchema } from './verification.ts';
import { webhooksSchema } from './webhooks.ts';
import { glob, name, path } from './words.ts';

/** Where npm's packages come from unless the platform says otherwise; lock files name it whatever registry they are for. */
export const NPM_REGISTRY = 'https://registry.npmjs.org/';

const TARGET = new RegExp(`${NAME.source.slice(0, -1)}/${NAME.source.slice(1)}`);

const source = z.strictObject({
  name,
  /** A path (relative to the platform file) or a git address: https, http, ssh, git, file, or `host:path`. */
  url: path,
  /** Branches whose commits may be deployed, as globs; `[main]` unless given. */
  branches: z.array(glob).min(1).default(['main']),
});

const localRuntime = z.strictObject({
  /** Stable ports, by target; those not named are allocated once and kept. `{}` unless given. */
  ports: z.record(z.string().regex(TARGET, 'environment/component'), z.int().min(1).max(65_535)).default({}),
  /** Where components keep their state (`/instances`, §3): the platform's, never written by a deployment. `./instances` unless given. */
  instances: path.default('./instances'),
  /**
   * How long requests that are in flight at a switch have to end; `10s` unless given. An instance that is let go is
   * asked to end after that, and killed 2 s later.
   */
  drainWithin: duration.prefault('10s'),
});

const environment = z.strictObject({
  /** `local` unless given. */
  runtime: z.literal('local').default('local'),
  /** How long a new version is watched, and how often at least. `{ for: 3s, samples: 5 }` unless given. */
  soak: soak.prefault({ for: '3s', samples: 5 }),
  /** What a new version is held to, beside the version before. `{}` unless given. */
  limits: limits.prefault({}),
  /** How long a release is watched after its deployment has completed; not at all unless given. */
  watch: duration.optional(),
  /** The bound of §13. `30s` unless given. */
  rollbackWithin: duration.prefault('30s'),
  /** Whether the target waits for a person after it rolled back. `hold` unless given. */
  afterRollback: z.enum(['hold', 'continue']).default('hold'),
  build: z
    .strictObject({
      /** The weakest sandbox in which an artifact for it may have been built (§6); any of them unless given. */
      require: z.strictObject({ sandbox: z.enum(['bwrap', 'unshare']) }).optional(),
    })
    .optional(),
  /** Where the secrets of its components lie; it has none unless given. */
  secrets: secretsProvider.optional(),
  /** Asked during the soak and the watch; nobody is asked unless given. */
  prometheus: prometheus.optional(),
});

/** `platform.yaml`: the operators' file. Keys that this version does not enforce are refused, never ignored. */
export const platformSchema = z
  .strictObject({
    apiVersion: z.literal('slipway/v1'),
    /** `{ path: .slipway/store }` unless given. */
    store: storeSchema.prefault({}),
    sources: z.array(source).min(1),
    runtimes: z.strictObject({ local: localRuntime.prefault({}) }).prefault({}),
    build: z
      .strictObject({
        /** `auto` (unless given) = bwrap, else unshare, else refused. `none` must be written out, and stands in the evidence. */
        sandbox: z.enum(['auto', 'bwrap', 'unshare', 'none']).default('auto'),
        /** `10m` unless given. */
        timeout: duration.prefault('10m'),
        /** Bytes; 4 GiB unless given. */
        memory: z
          .int()
          .min(64 * 2 ** 20)
          .default(4 * 2 ** 30),
        /** Bytes of build output, and of the build's log; 512 MiB unless given. */
        output: z
          .int()
          .min(1024)
          .default(512 * 2 ** 20),
        /** 512 unless given. */
        processes: z.int().min(8).default(512),
        /** Where npm's packages come from, for builds that have some. `{ registry: https://registry.npmjs.org/ }` unless given. */
        npm: z.strictObject({ registry: baseAddress.default(NPM_REGISTRY) }).prefault({}),
      })
      .prefault({}),
    environments: z.record(name, environment),
    verification: verificationSchema.prefault({}),
    /** Whose signatures count; what the key folder says unless given. */
    trust: trustSchema.optional(),
    signing: signingSchema.prefault({}),
    webhooks: webhooksSchema.prefault({}),
    /** Rules beside those that the contract demands; `[]` unless given. */
    definitionOfDone,
  })
  .check((context) => {
    const { sources, runtimes, environments, trust, signing, definitionOfDone: rules } = context.value;
    const refuse = (at: (string | number)[], input: unknown, expected: string, todo: string): void => {
      context.issues.push({ code: 'custom', path: at, input, message: expected, params: { todo } });
    };

    const names = new Set<string>();
    for (const [index, { name: given }] of sources.entries()) {
      if (names.has(given))
        refuse(['sources', index, 'name'], given, 'each source under a name of its own', 'rename it');
      names.add(given);
    }

    for (const [environment, { soak: floors, limits: declared }] of Object.entries(environments)) {
      for (const { path: at, found, expected, todo } of contradictionsIn(floors, declared)) {
        const params = { found, todo };
        context.issues.push({
          code: 'custom',
          path: ['environments', environment, ...at],
          input: null,
          message: expected,
          params,
        });
      }
    }

    for (const { environment, expected } of overlapsIn(context.value)) {
      const { secrets } = environments[environment] ?? {};
      refuse(['environments', environment, 'secrets', 'variables'], secrets, expected, 'choose another');
    }

    const ownerOf = new Map<number, string>();
    for (const [target, port] of Object.entries(runtimes.local.ports)) {
      const at = ['runtimes', 'local', 'ports', target];
      const owner = ownerOf.get(port);
      if (owner !== undefined) refuse(at, port, `a port that ${owner} does not have`, 'choose another');
      ownerOf.set(port, target);
      const declared = parseTarget(target)?.environment;
      if (declared !== undefined && !Object.hasOwn(environments, declared)) {
        refuse(
          at,
          port,
          `no port, for there is no environment ${declared}`,
          'declare it under `environments`, or remove the port',
        );
      }
    }

    const isDeclared = (environment: string): boolean => Object.hasOwn(environments, environment);
    for (const { path: at, environment } of trust === undefined ? [] : undeclaredIn(trust, isDeclared)) {
      const todo = 'declare it under `environments`, or end the key with `until`';
      refuse(['trust', ...at], environment, 'an environment of this file', todo);
    }
    for (const environment of Object.keys(signing.deployers)) {
      if (isDeclared(environment)) continue;
      const params = { found: 'a key', todo: 'declare it under `environments`, or remove it here' };
      const message = `none, for there is no environment ${environment}`;
      context.issues.push({
        code: 'custom',
        path: ['signing', 'deployers', environment],
        input: null,
        message,
        params,
      });
    }

    for (const [index, rule] of rules.entries()) {
      for (const [place, named] of (rule.environments ?? []).entries()) {
        if (Object.hasOwn(environments, named)) continue;
        const at = ['definitionOfDone', index, 'environments', place];
        refuse(at, named, 'an environment of this file', 'declare it under `environments`, or remove it here');
      }
    }
  });

export type Platform = z.output<typeof platformSchema>;
export type Environment = Platform['environments'][string];
export type Source = Platform['sources'][number];
