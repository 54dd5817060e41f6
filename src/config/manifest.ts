import { z } from 'zod';
import { NAME } from '../contract/target.ts';
import { duration } from './duration.ts';

const command = z.array(z.string().min(1)).min(1);
const at = z.array(z.enum(['verification', 'live'])).min(1).default(['verification', 'live']);
const smokeName = z.string().min(1).max(80);

/** One request through the address, and what its answer has to be. */
const httpSmoke = z.strictObject({
  name: smokeName,
  path: z.string().startsWith('/'),
  status: z.int().min(100).max(599).default(200),
  includes: z.string().min(1).optional(),
  timeout: duration.prefault('5s'),
  at,
});

/** A command of the component, sandboxed, without credentials, reaching only `$SLIPWAY_URL`; 0 is a pass. */
const commandSmoke = z.strictObject({ name: smokeName, command, timeout: duration.prefault('30s'), at });

const httpHealth = z.strictObject({
  path: z.string().startsWith('/'),
  interval: duration.prefault('1s'),
  timeout: duration.prefault('1s'),
  failures: z.int().min(1).default(3),
});
/** An agent touches `$SLIPWAY_HEARTBEAT` at least this often. */
const heartbeatHealth = z.strictObject({ heartbeat: duration, failures: z.int().min(1).default(3) });
/** An agent's own check; exit 0 is healthy. */
const commandHealth = z.strictObject({
  command,
  interval: duration.prefault('1s'),
  timeout: duration.prefault('5s'),
  failures: z.int().min(1).default(3),
});

const environmentVariable = z.union([z.string(), z.strictObject({ address: z.string().regex(NAME) })]);

/** `slipway.yaml`: the component's own file, in its folder of the source. */
export const manifestSchema = z
  .strictObject({
    apiVersion: z.literal('slipway/v1'),
    component: z.string().regex(NAME),
    kind: z.enum(['storefront', 'service', 'agent', 'control-plane']),
    build: z.strictObject({
      command,
      /** Folder of the built files, relative to the component's folder. */
      output: z.string().min(1),
      /** Further files of the repository, read-only, as globs from its root. */
      inputs: z.array(z.string().min(1)).default([]),
    }),
    run: z.strictObject({
      command,
      env: z.record(z.string().regex(/^[A-Z_][A-Z0-9_]*$/), environmentVariable).default({}),
      startWithin: duration.prefault('30s'),
    }),
    health: z.union([httpHealth, heartbeatHealth, commandHealth]),
    smoke: z.array(z.union([httpSmoke, commandSmoke])).min(1),
  })
  .check((context) => {
    const { kind, health, smoke } = context.value;
    if (!smoke.some((test) => test.at.includes('live'))) {
      context.issues.push({ code: 'custom', input: smoke, path: ['smoke'], message: 'at least one smoke test at live is required (§10)' });
    }
    if (kind === 'agent' && 'path' in health) {
      context.issues.push({ code: 'custom', input: health, path: ['health'], message: 'an agent has no address: use heartbeat or command' });
    }
    if (kind !== 'agent' && !('path' in health)) {
      context.issues.push({ code: 'custom', input: health, path: ['health', 'path'], message: `a ${kind} is checked at a path of its address` });
    }
    for (const [index, test] of smoke.entries()) {
      if (kind === 'agent' && 'path' in test) {
        context.issues.push({ code: 'custom', input: test, path: ['smoke', index], message: 'an agent has no address: use command' });
      }
    }
  });

export type Manifest = z.output<typeof manifestSchema>;
export type Health = Manifest['health'];
export type SmokeTest = Manifest['smoke'][number];
export type HttpSmokeTest = z.output<typeof httpSmoke>;
export type CommandSmokeTest = z.output<typeof commandSmoke>;
/** What is sealed with the image at Build, so that later stages read nothing of the source again. */
export type SealedManifest = Pick<Manifest, 'component' | 'kind' | 'run' | 'health' | 'smoke'>;
