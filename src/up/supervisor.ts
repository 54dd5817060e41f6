import type { ChildSpec } from './child.ts';
import { keep, type Kept } from './kept.ts';

/** Keeps processes running: its own children, and nothing else. */
export interface Supervisor {
  /**
   * Starts a process and keeps it running until `close`. Resolves when it is ready for the first time.
   * @throws SlipwayError with the spec's `absence` as its code when it ended several times, or ran too long, without
   * becoming ready.
   */
  start(spec: ChildSpec): Promise<void>;
  /** Ends a process in good order, which is then started again. */
  restart(name: string): Promise<void>;
  /** Process ids of what runs, by name. */
  pids(): ReadonlyMap<string, number>;
  /** Stops all, the youngest first, and starts nothing again. */
  close(): Promise<void>;
}

export interface SupervisorOptions {
  /** Folder of the logs, a file a process. */
  readonly logs: string;
  /** Told when something ended that should run, and when it runs again. */
  readonly report: (line: string) => void;
  /** Milliseconds from start to ready. */
  readonly readyWithin?: number;
}

export function createSupervisor({ logs, report, readyWithin = 60_000 }: SupervisorOptions): Supervisor {
  const closing = new AbortController();
  const children: Kept[] = [];
  let closed: Promise<void> | null = null;

  async function stopAll(): Promise<void> {
    closing.abort(new Error('slipway is stopping'));
    for (const child of children.toReversed()) await child.stop();
  }

  return {
    start: async (spec) => {
      closing.signal.throwIfAborted();
      const child = keep(spec, { logs, report, readyWithin, closing: closing.signal });
      children.push(child);
      await child.ready;
    },
    restart: async (name) => {
      await children.find((child) => child.name === name)?.restart();
    },
    pids: () => {
      const running = children.map(({ name, pid }) => [name, pid()] as const);
      return new Map(running.filter((entry): entry is [string, number] => entry[1] !== undefined));
    },
    // Once, whoever asks: a second SIGTERM would end the runtime before its instances have ended.
    close: () => (closed ??= stopAll()),
  };
}
