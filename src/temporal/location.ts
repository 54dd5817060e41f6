import type { TLSConfig } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { SlipwayError } from '../contract/failure.ts';

/** Where a Temporal server answers, and with what it is spoken to. */
export interface TemporalLocation {
  /** `host:port` */
  readonly address: string;
  readonly namespace: string;
  /** Empty for a server without TLS, API key or headers, such as the one `slipway up` starts. */
  readonly credentials: {
    readonly tls?: TLSConfig | boolean;
    readonly apiKey?: string;
    readonly metadata?: Record<string, string>;
  };
}

/** A server on this machine that asks for nothing. */
export function plainLocation(address: string, namespace = 'default'): TemporalLocation {
  return { address, namespace, credentials: {} };
}

/**
 * The server that `env` names, by `TEMPORAL_ADDRESS` and its siblings or by a profile of Temporal's own config file
 * (`TEMPORAL_PROFILE`, `TEMPORAL_CONFIG_FILE`); null when neither names an address.
 * @throws FILE_INVALID when the profile or its file cannot be read.
 */
export function locationFromEnvironment(env: NodeJS.ProcessEnv): TemporalLocation | null {
  const { connectionOptions, namespace = 'default' } = loadProfile(env);
  const { address, tls, apiKey, metadata } = connectionOptions;
  if (address === undefined || address === '') return null;
  return {
    address,
    namespace,
    credentials: {
      ...(tls != null && { tls }),
      ...(typeof apiKey === 'string' && { apiKey }),
      ...(metadata !== undefined && { metadata: metadata as Record<string, string> }),
    },
  };
}

function loadProfile(env: NodeJS.ProcessEnv): ReturnType<typeof loadClientConnectConfig> {
  const given = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  try {
    return loadClientConnectConfig({ overrideEnvVars: Object.fromEntries(given) });
  } catch (cause) {
    throw new SlipwayError(
      'FILE_INVALID',
      `The Temporal profile cannot be read: ${(cause as Error).message}. ` +
        'Check TEMPORAL_PROFILE and TEMPORAL_CONFIG_FILE (or temporalio/temporal.toml in your config folder).',
      { cause },
    );
  }
}
