import { stat } from 'node:fs/promises';
import { copyNames, type CopyCount } from '../../artifacts/copy.ts';
import { openStoreAt } from '../../artifacts/open.ts';
import type { ArtifactStore, ComponentStore } from '../../artifacts/store.ts';
import type { LoadedPlatform } from '../../config/load.ts';
import { isDigest, type Digest } from '../../contract/digest.ts';
import { SlipwayError } from '../../contract/failure.ts';
import { namesOfRelease } from '../../records/release-names.ts';
import { command, type CommandFactory, type CommonOptions } from '../command.ts';
import type { Context } from '../context.ts';
import type { Output } from '../report/output.ts';

/** Moves releases with their evidence to another store, and checks them there. */
export const copyStoreCommand: CommandFactory = (cli) =>
  command(
    'copy',
    'Copy a release with all of its evidence to another store, and check it there',
    'copy .slipway/store https://registry.example/team storefront@sha256:5f5fe43d…',
  )
    .argument('<from>', 'a folder, or http(s)://host[:port]/prefix')
    .argument('<to>', 'a folder, or http(s)://host[:port]/prefix')
    .argument('[what]', 'component, component@DIGEST or component:VERSION; everything unless given')
    .action(
      cli.action<object, [string, string, string | undefined]>(async (context, options, fromText, toText, what) => {
        const loaded = await platformIfAny(context, options);
        const open = async (text: string, end: 'FROM' | 'TO'): Promise<ArtifactStore> =>
          await openStoreAt(text, { env: context.env, loaded, end });
        const [from, to] = [await open(fromText, 'FROM'), await open(toText, 'TO')];
        const components: Copied[] = [];
        for (const { component, release } of await chosen(from, what)) {
          const [source, target] = [from.component(component), to.component(component)];
          const names = release === null ? await source.names('') : await namesOf(source, release);
          const told = progressOf(context.output, component, names.length);
          components.push({ component, ...(await copyNames({ from: source, to: target, names, told })) });
        }
        context.output.answer({ from: fromText, to: toText, components }, () => components.map(describe));
        return 0;
      }),
    );

/** The platform's own registry is let into by its own credentials; without a platform file there is none. */
async function platformIfAny(context: Context, { config }: CommonOptions): Promise<LoadedPlatform | null> {
  const isThere = (await stat(config ?? 'platform.yaml').catch(() => null)) !== null;
  return isThere || config !== undefined ? await context.platform() : null;
}

type Copied = { readonly component: string } & CopyCount;

interface Chosen {
  readonly component: string;
  /** A digest or a version; null for all of it. */
  readonly release: string | null;
}

async function chosen(from: ArtifactStore, what: string | undefined): Promise<readonly Chosen[]> {
  if (what === undefined) {
    const components = await from.components();
    if (components.length === 0) throw new SlipwayError('USAGE', 'there is no component to copy: name another FROM');
    return components.map((component) => ({ component, release: null }));
  }
  const [, component = '', release] = /^([^@:]*)(?:[@:](.+))?$/s.exec(what) ?? [];
  return [{ component, release: release ?? null }];
}

async function namesOf(store: ComponentStore, release: string): Promise<readonly string[]> {
  const digest: Digest | undefined = isDigest(release) ? release : (await store.resolve(release))?.digest;
  const names = digest === undefined ? [] : await namesOfRelease(store, digest);
  if (digest !== undefined && names.length > 0) return names;
  throw new SlipwayError('USAGE', `${store.component} has no release ${release}: expected a digest or a version of it`);
}

/** A line every so often, on stderr: people look on, and nobody reads them all. */
function progressOf(output: Output, component: string, all: number) {
  const every = Math.max(1, Math.ceil(all / 10));
  return (step: 'copied' | 'checked', _name: string, done: number): void => {
    if (done % every === 0 || done === all) output.tell(`${component}: ${step} ${done} of ${all} names`);
  };
}

function describe({ component, names, brought, bytes, present }: Copied): string {
  return `${component}: ${names} names, all checked; ${brought} blobs brought (${bytes} bytes), ${present} were there`;
}
