import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

/** How a process that we start finds its way to the network. */
export interface Network {
  /** A file of certificates to believe beside those that Node knows; null for none. */
  readonly certificates: string | null;
  /** Variables that name proxies. */
  readonly proxies: Readonly<Record<string, string>>;
}

const PROXIES = ['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY', 'https_proxy', 'http_proxy', 'no_proxy'];

/** What an environment says of the way to the network. A proxy that wants a password is left out: that is a secret. */
export function networkIn(env: NodeJS.ProcessEnv): Network {
  const named = PROXIES.flatMap((name) => {
    const value = env[name];
    return value === undefined || value.includes('@') ? [] : [[name, value] as const];
  });
  const certificates = env['NODE_EXTRA_CA_CERTS'];
  const isThere = certificates !== undefined && certificates !== '' && existsSync(certificates);
  return { certificates: isThere ? resolve(certificates) : null, proxies: Object.fromEntries(named) };
}
