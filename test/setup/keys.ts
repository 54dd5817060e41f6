import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whatever a test starts, and however: its keys never come into the home of who runs the tests. */
export function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-test-keys-'));
  process.env['SLIPWAY_KEYS'] = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
