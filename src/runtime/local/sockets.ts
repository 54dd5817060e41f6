import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { SlipwayError } from '../../contract/failure.ts';
import { effect, type Midway } from '../../failpoints.ts';

/** Where a runtime is reached. Who is given only `observe` can change nothing. */
export interface RuntimeSockets {
  readonly folder: string;
  readonly control: string;
  readonly observe: string;
}

/** `sun_path` holds 108 bytes on Linux and 104 on macOS, the closing zero included. */
const LONGEST = 103;

/** The sockets of the runtime in `folder`: in that folder, or in a short one made from its hash when the path is too long. */
export function socketsOf(folder: string): RuntimeSockets {
  const fits = Buffer.byteLength(join(resolve(folder), 'control.sock')) <= LONGEST;
  const home = fits ? resolve(folder) : join(tmpdir(), `slipway-${tagOf(folder)}`);
  return { folder: home, control: join(home, 'control.sock'), observe: join(home, 'observe.sock') };
}

/** Short hash of a runtime's folder. Its instances carry it, so that runtimes on one machine tell theirs apart. */
export function tagOf(folder: string): string {
  return createHash('sha256').update(resolve(folder)).digest('hex').slice(0, 12);
}

/** Makes the sockets' folder this user's alone. One below the shared temporary folder could be somebody's trap. */
export async function ownSocketFolder({ folder }: RuntimeSockets): Promise<void> {
  await effect('driver.own-socket-folder', folder, (midway) => own(folder, midway));
}

async function own(folder: string, midway: Midway): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const found = await lstat(folder);
  const foreign = process.getuid !== undefined && found.uid !== process.getuid();
  if (found.isSymbolicLink() || !found.isDirectory() || foreign) {
    throw new SlipwayError(
      'USAGE',
      `${folder}: expected a folder of this user, for the runtime's sockets. Remove what is there.`,
    );
  }
  midway();
  await chmod(folder, 0o700);
}
