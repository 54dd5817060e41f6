import { describe, expect, it, onTestFinished } from 'vitest';
import { sealBlob, type Sealed } from '../../src/artifacts/sealed.ts';
import type { ComponentStore } from '../../src/artifacts/store.ts';
import { digestOf } from '../../src/digest-of.ts';
import { newComponent, registryStore, scratchProxy } from '../registry/scratch.ts';
import { startStandIn, type StandInOptions } from '../registry/stand-in.ts';

const ABOUT = { artifactType: 'application/vnd.slipway.test.v1+json', mediaType: 'text/plain' } as const;
const NAME = 'record.staging.1';

const seal = (store: ComponentStore, text: string): Promise<Sealed> =>
  sealBlob({ store, name: NAME, ...ABOUT, bytes: Buffer.from(text) });

/** Two writers of one component, the first behind a proxy. */
async function twoWriters(options: StandInOptions = {}) {
  const standIn = await startStandIn(options);
  onTestFinished(standIn.close);
  const proxy = await scratchProxy(standIn.url);
  const component = newComponent();
  return { proxy, slow: registryStore(proxy.url, component), quick: registryStore(standIn.url, component) };
}

const givesName = ({ method, path }: { method: string; path: string }): boolean =>
  method === 'PUT' && path.endsWith(`/manifests/${NAME}`);

describe('a name that two writers want', () => {
  it('is the first one’s where tags cannot be moved, though both found it free', async () => {
    const { proxy, slow, quick } = await twoWriters({ immutableTags: true });
    let [arrived, goOn] = [() => {}, () => {}];
    const there = new Promise<void>((resolve) => (arrived = resolve));
    const until = new Promise<void>((resolve) => (goOn = resolve));
    proxy.fault = (seen) => {
      if (!givesName(seen)) return null;
      arrived();
      return { until };
    };
    const late = seal(slow, 'late');
    await there;
    const first = await seal(quick, 'first');
    goOn();
    expect(first).toEqual({ digest: digestOf(Buffer.from('first')), won: true });
    expect(await late).toEqual({ digest: first.digest, won: false });
  });

  it('is looked for again before each try to give it', async () => {
    const { proxy, slow, quick } = await twoWriters();
    let first: Sealed | null = null;
    proxy.fault = (seen) => {
      if (!givesName(seen) || first !== null) return null;
      first = { digest: digestOf(Buffer.from('first')), won: true };
      return { until: seal(quick, 'first').then(() => undefined), status: 503 };
    };
    expect(await seal(slow, 'late')).toEqual({ digest: digestOf(Buffer.from('first')), won: false });
  });

  it('goes in one process to whoever asked first', async () => {
    const { quick } = await twoWriters();
    const sealed = await Promise.all(['a', 'b', 'c', 'd'].map((text) => seal(quick, text)));
    expect(sealed.filter(({ won }) => won)).toHaveLength(1);
    expect(new Set(sealed.map(({ digest }) => digest)).size).toBe(1);
  });
});
