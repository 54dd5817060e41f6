import { z } from 'zod';
import { baseReference } from './base-reference.ts';
import { secretOfComponent } from './component-secrets.ts';
import { dataVersions } from './data-versions.ts';
import { duration } from './duration.ts';
import { imageSettings } from './image.ts';
import { owner, runbook } from './ownership.ts';
import { smokeTest } from './smoke-test.ts';
import { command, glob, name, path, urlPath, word } from './words.ts';

/** Good looks in a row before health passes; 1 unless given. Sealed only where given, so it has no default here. */
const successes = z.int().min(1).optional();

/** A request at the instance's address: every 1s, answered within 1s, unhealthy after 3 failures, unless given. */
const httpHealth = z.strictObject({
  path: urlPath,
  interval: duration.prefault('1s'),
  timeout: duration.prefault('1s'),
  failures: z.int().min(1).default(3),
  successes,
});
/** An agent touches `$SLIPWAY_HEARTBEAT` at least this often; unhealthy after 3 heartbeats missed, unless given. */
const heartbeatHealth = z.strictObject({ heartbeat: duration, failures: z.int().min(1).default(3) });
/** An agent's own check, exit 0 is healthy: every 1s, done within 5s, unhealthy after 3 failures, unless given. */
const commandHealth = z.strictObject({
  command,
  interval: duration.prefault('1s'),
  timeout: duration.prefault('5s'),
  failures: z.int().min(1).default(3),
  successes,
});

const environmentVariable = z.union([word, z.strictObject({ address: name }), secretOfComponent]);
const variableName = z
  .string()
  .regex(/^(?!PORT$|SLIPWAY_)[A-Z_][A-Z0-9_]*$/, "a variable such as LOG_LEVEL; PORT and SLIPWAY_… are the platform's");

/** `slipway.yaml`: the component's own file, in its folder of the source. */
export const manifestSchema = z
  .strictObject({
    apiVersion: z.literal('slipway/v1'),
    component: name,
    kind: z.enum(['storefront', 'service', 'agent', 'control-plane']),
    /** Who answers for it, and where it says what to do at night; neither is asked for unless a Definition of Done does. */
    owner: owner.optional(),
    runbook: runbook.optional(),
    build: z.strictObject({
      command,
      /** Folder of the built files, relative to the component's folder. */
      output: path,
      /** Further files of the repository, read-only, as globs from its root; `[]` unless given. */
      inputs: z.array(glob).default([]),
      /** Whose lock file, in the component's folder, says what is fetched before the build; nothing is unless given. */
      dependencies: z.enum(['npm']).optional(),
      /** The image that the built files are appended to, pinned by digest; none unless given. */
      base: baseReference.optional(),
    }),
    /** What the image says to whatever runs images; the local driver does not go by it. */
    image: imageSettings.prefault({}),
    run: z.strictObject({
      command,
      /** Text, the address of another component of the environment, or a secret of it; `{}` unless given. */
      env: z.record(variableName, environmentVariable).default({}),
      /** `30s` unless given. */
      startWithin: duration.prefault('30s'),
    }),
    health: z.union([httpHealth, heartbeatHealth, commandHealth]),
    smoke: z.array(smokeTest).min(1),
    /** Not given: it says nothing of its data, and nothing about them keeps a release from going back. */
    data: dataVersions.optional(),
  })
  .check((context) => {
    const { kind, image, health, smoke } = context.value;
    const refuse = (at: (string | number)[], found: string, expected: string, todo: string): void => {
      context.issues.push({ code: 'custom', path: at, input: null, message: expected, params: { found, todo } });
    };

    if (!smoke.some((test) => test.at.includes('live'))) {
      refuse(['smoke'], 'no test at live', 'at least one (§10)', 'add `live` to the `at` of a test');
    }
    const isAgent = kind === 'agent';
    if (isAgent && 'path' in health) {
      refuse(['health', 'path'], 'a path', 'heartbeat or command, for an agent has no address', 'use one of them');
    }
    if (!isAgent && !('path' in health)) {
      refuse(
        ['health'],
        'no path',
        `a path of the address, for a ${kind} listens on $PORT`,
        'add `path: /…` in its place',
      );
    }
    if (isAgent && image.port !== undefined) {
      refuse(['image', 'port'], String(image.port), 'none, for an agent has no address', 'remove it');
    }
    for (const [index, test] of smoke.entries()) {
      if (isAgent && 'path' in test) {
        refuse(['smoke', index, 'path'], 'a path', 'a command, for an agent has no address', 'use `command:`');
      }
    }
  });

export type Manifest = z.output<typeof manifestSchema>;
export type EnvironmentVariable = z.output<typeof environmentVariable>;
export type Health = Manifest['health'];
export type SmokeTest = Manifest['smoke'][number];
/** What later stages need to know, so that they read nothing of the source again. */
export type SealedManifest = Pick<
  Manifest,
  'component' | 'kind' | 'run' | 'health' | 'smoke' | 'owner' | 'runbook' | 'data'
>;

/** What is sealed with the image at Build. A key that was not given is not there: it would change the image's bytes. */
export function sealedManifest(manifest: Manifest): SealedManifest {
  const { component, kind, run, health, smoke, owner: named, runbook: written, data } = manifest;
  return {
    component,
    kind,
    run,
    health,
    smoke,
    ...(named !== undefined && { owner: named }),
    ...(written !== undefined && { runbook: written }),
    ...(data !== undefined && { data }),
  };
}
