import { bytesOf, drop, headerOf } from './answer.ts';
import { RegistryFault } from './fault.ts';
import { SMALL } from './manifests.ts';
import { persistently } from './patience.ts';
import type { Place } from './place.ts';
import { placeIn, shown } from './transport.ts';

/** Names on one page, asked for; registries give fewer, or all of them. */
const PAGE = 1000;
const PAGE_BYTES = 16 * 2 ** 20;
const PAGES = 10_000;

/** Every tag of a repository; none where there is no such repository. @throws RegistryFault */
export async function listTags(place: Place): Promise<readonly string[]> {
  return listPages(place, place.url(`tags/list?n=${PAGE}`), 'tags');
}

/** Every repository that the registry shows us (`_catalog`, which not all have, nor for everybody). @throws RegistryFault */
export async function listRepositories(place: Place): Promise<readonly string[]> {
  return listPages(place, new URL(`/v2/_catalog?n=${PAGE}`, place.transport.origin), 'repositories');
}

async function listPages(place: Place, first: URL, key: 'tags' | 'repositories'): Promise<readonly string[]> {
  const names: string[] = [];
  let next: URL | null = first;
  for (let page = 0; next !== null; page += 1) {
    if (page === PAGES) throw new RegistryFault('away', `${shown(first)} has no last page`);
    const url: URL = next;
    const found = await persistently(place.patience, () => getPage(place, url, key));
    names.push(...found.names);
    next = found.next;
  }
  return names;
}

async function getPage(
  { transport, scope }: Place,
  url: URL,
  key: 'tags' | 'repositories',
): Promise<{ readonly names: readonly string[]; readonly next: URL | null }> {
  const accept = key === 'tags' ? [404] : [];
  const answer = await transport.ask({ method: 'GET', url, scope: scope(false), accept, within: SMALL });
  if (answer.statusCode === 404) {
    await drop(answer);
    return { names: [], next: null };
  }
  const bytes = await bytesOf(answer, PAGE_BYTES, shown(url));
  const names = namesIn(bytes, key);
  if (names === null) throw new RegistryFault('away', `${shown(url)} answers with no list of ${key}`);
  const link = /<([^>]*)>\s*;\s*rel="?next"?/.exec(headerOf(answer, 'link') ?? '')?.[1] ?? null;
  const next = link === null ? null : placeIn(link, url);
  if (next !== null && next.origin !== url.origin) {
    throw new RegistryFault('refused', `${shown(url)} has its next page on another host, ${next.host}`);
  }
  return { names, next };
}

/** The list under `key`; none where it is null, as registries write one that is empty. */
function namesIn(bytes: Buffer, key: string): readonly string[] | null {
  try {
    const list = (JSON.parse(bytes.toString('utf8')) as Record<string, unknown> | null)?.[key] ?? [];
    return Array.isArray(list) && list.every((name) => typeof name === 'string') ? list : null;
  } catch {
    return null;
  }
}
