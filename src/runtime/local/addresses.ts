import type { Logger } from 'pino';
import { SlipwayError } from '../../contract/failure.ts';
import { createStableAddress, type StableAddress } from './address.ts';
import { findStablePort } from './ports.ts';
import type { StateFile } from './state.ts';

/** The stable addresses of one runtime, by target. */
export interface Addresses {
  /** The target's address, listening. A port is given once and kept. @throws PORT_TAKEN */
  open(target: string): Promise<StableAddress>;
  /** `http://127.0.0.1:PORT`, allocated if need be, whether or not anything is in service there. @throws ADDRESS_UNRESOLVED for an agent. */
  resolve(target: string): Promise<string>;
  /** Null when the target has no address (yet). */
  find(target: string): StableAddress | null;
  /** Listens on all that do not listen yet; says once of each that its port is taken. */
  listenAll(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Knows every address that was ever given, and listens on none yet.
 * `configured`: ports of the platform file, by target; they win over what was allocated before.
 */
export async function openAddresses(deps: {
  state: StateFile;
  configured: Readonly<Record<string, number>>;
  /** Hex digits that pick where the search for free ports begins. */
  seed: string;
  /** Milliseconds. */
  drainWithin: number;
  logger: Logger;
}): Promise<Addresses> {
  const { state, configured, seed, drainWithin, logger } = deps;
  const addresses = new Map<string, StableAddress>();
  const complaints = new Set<string>();
  let allocating: Promise<unknown> = Promise.resolve();

  /** One at a time, so that no two targets are given the same port. */
  function ensure(target: string): Promise<StableAddress> {
    const ensured = allocating.then(async () => {
      const known = addresses.get(target);
      if (known !== undefined) return known;
      const port = configured[target] ?? state.ports()[target] ?? (await allocate());
      if (state.ports()[target] !== port) await state.savePort(target, port);
      const address = createStableAddress({ target, port, drainWithin, logger: logger.child({ target, port }) });
      addresses.set(target, address);
      return address;
    });
    allocating = ensured.catch(() => undefined);
    return ensured;
  }

  function allocate(): Promise<number> {
    return findStablePort(seed, new Set([...Object.values(configured), ...Object.values(state.ports())]));
  }

  async function tryListening(target: string, address: StableAddress): Promise<void> {
    try {
      await address.listen();
      complaints.delete(target);
    } catch (error) {
      if (!complaints.has(target)) logger.error({ err: error, target }, 'stable port is taken');
      complaints.add(target);
    }
  }

  await Promise.all(Object.keys({ ...state.ports(), ...configured }).map(ensure));
  return {
    async open(target) {
      const address = await ensure(target);
      await address.listen();
      return address;
    },
    async resolve(target) {
      const { instance } = state.target(target);
      if (instance !== null && instance.port === null) {
        throw new SlipwayError(
          'ADDRESS_UNRESOLVED',
          `${target} is an agent and has no address. Take it out of run.env in slipway.yaml.`,
        );
      }
      const address = await ensure(target);
      await tryListening(target, address);
      return `http://127.0.0.1:${address.port}`;
    },
    find: (target) => addresses.get(target) ?? null,
    async listenAll() {
      await Promise.all([...addresses].map(([target, address]) => tryListening(target, address)));
    },
    async close() {
      await Promise.all([...addresses.values()].map((address) => address.close()));
    },
  };
}
