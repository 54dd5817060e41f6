import { setTimeout as delay } from 'node:timers/promises';
import { SlipwayError } from '../contract/failure.ts';
import { lockFolder, type Lock } from './folder.ts';

/** Milliseconds between two tries. */
const PAUSE = 50;

/** Does `work` while no other process does its own in the same folder; one that was killed stops nobody. */
export async function takingTurns<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const turn = await takeTurn(folder);
  try {
    return await work();
  } finally {
    await turn.release();
  }
}

async function takeTurn(folder: string): Promise<Lock> {
  for (;;) {
    try {
      return await lockFolder(folder);
    } catch (error) {
      if (!(error instanceof SlipwayError) || error.code !== 'ALREADY_UP') throw error;
      await delay(PAUSE);
    }
  }
}
