import { SlipwayError } from '../contract/failure.ts';

/** Where a registry is, and what all our repositories there begin with. */
export interface RegistryAddress {
  /** `https://registry.example:5000`. */
  readonly origin: string;
  /** `team/slipway`, or nothing. */
  readonly prefix: string;
}

/** OCI distribution-spec: what a repository may be called. */
const PART = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
export const REPOSITORY = new RegExp(`^${PART}(?:/${PART})*$`);

/** Reads `http(s)://host[:port][/prefix]`; null for anything else, also with credentials, a query or a fragment in it. */
export function parseRegistryAddress(text: string): RegistryAddress | null {
  if (!/^https?:\/\/[^?#\s]+$/.test(text) || !URL.canParse(text)) return null;
  const { origin, pathname, username, password } = new URL(text);
  if (username !== '' || password !== '') return null;
  const prefix = pathname.replace(/^\/|\/$/g, '');
  return prefix === '' || REPOSITORY.test(prefix) ? { origin, prefix } : null;
}

/** @throws USAGE */
export function registryAddress(text: string): RegistryAddress {
  const address = parseRegistryAddress(text);
  if (address !== null) return address;
  throw new SlipwayError('USAGE', `that is no registry: expected http(s)://host[:port]/prefix, without credentials`);
}

/** Whether what is sent there stays on this machine. */
export function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d+){3}$/.test(hostname);
}

/**
 * The origin of a registry that people name by its host alone: https, http within this machine. Docker's own has another
 * host than the one that they write.
 * @param host `host[:port]`
 */
export function originOf(host: string): string {
  if (isDocker(host)) return 'https://registry-1.docker.io';
  const url = new URL(`https://${host}`);
  return isLoopback(url) ? new URL(`http://${host}`).origin : url.origin;
}

/** The repository that a registry has for the one that people name: Docker's has a folder for images without one. */
export function repositoryOf(host: string, repository: string): string {
  return isDocker(host) && !repository.includes('/') ? `library/${repository}` : repository;
}

function isDocker(host: string): boolean {
  return host.toLowerCase() === 'docker.io';
}
