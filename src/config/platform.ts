import { z } from 'zod';
import { NAME } from '../contract/target.ts';
import { duration } from './duration.ts';

const name = z.string().regex(NAME, 'expected a name: lower-case letters, digits and dashes, at most 40');
const targetName = z.string().regex(/^[a-z][a-z0-9-]{0,39}\/[a-z][a-z0-9-]{0,39}$/, 'expected environment/component');

const source = z.strictObject({
  name,
  url: z.string().min(1),
  /** Branches whose commits may be deployed; `*` matches within one path segment, `**` across. */
  branches: z.array(z.string().min(1)).min(1).default(['main']),
});

const localRuntime = z.strictObject({
  /** Stable ports, by target; those not named are allocated once and kept. */
  ports: z.record(targetName, z.int().min(1).max(65_535)).default({}),
  /** Where components keep their state (`/instances`, §3): the platform's, never written by a deployment. */
  instances: z.string().min(1).default('./instances'),
});

const environment = z.strictObject({
  runtime: z.literal('local').default('local'),
  soak: z
    .strictObject({ for: duration, samples: z.int().min(1).max(100_000) })
    .prefault({ for: '3s', samples: 5 }),
  rollbackWithin: duration.prefault('30s'),
  afterRollback: z.enum(['hold', 'continue']).default('hold'),
});

/** `platform.yaml`: the operators' file. Keys that this version does not enforce are refused, never ignored. */
export const platformSchema = z.strictObject({
  apiVersion: z.literal('slipway/v1'),
  store: z.strictObject({ path: z.string().min(1).default('.slipway/store') }).prefault({}),
  sources: z.array(source).min(1),
  runtimes: z.strictObject({ local: localRuntime.prefault({}) }).prefault({}),
  build: z
    .strictObject({
      /** auto = bwrap, else unshare, else refused. `none` must be written out, and stands in the evidence. */
      sandbox: z.enum(['auto', 'bwrap', 'unshare', 'none']).default('auto'),
      timeout: duration.prefault('10m'),
      /** Bytes. */
      memory: z.int().min(64 * 2 ** 20).default(4 * 2 ** 30),
      /** Bytes of build output, and of the build's log. */
      output: z.int().min(1024).default(512 * 2 ** 20),
      processes: z.int().min(8).default(512),
    })
    .prefault({}),
  environments: z.record(name, environment),
});

export type Platform = z.output<typeof platformSchema>;
export type Environment = Platform['environments'][string];
export type Source = Platform['sources'][number];
