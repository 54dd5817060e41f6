import { dirname, join } from 'node:path';
import { pino } from 'pino';
import type { Isolation } from '../../src/runtime/driver.ts';
import { startLocalRuntime } from '../../src/runtime/local/runtime.ts';
import { imagesIn } from './images.ts';
import { secretsIn } from './secrets.ts';

/** A runtime as a process of its own, over images in plain folders: FOLDER INSTANCES IMAGES [ISOLATION]. */
const [folder, instances, images, isolation] = process.argv.slice(2) as [string, string, string, Isolation?];
const logger = pino({ level: process.env['RUNTIME_LOG'] ?? 'silent' }, pino.destination(2));
try {
  const runtime = await startLocalRuntime({
    folder,
    instances,
    ports: {},
    images: imagesIn(images),
    secrets: secretsIn(join(dirname(images), 'secrets')),
    logger,
    ...(isolation === undefined ? {} : { isolation }),
  });
  process.once('SIGTERM', () => void runtime.close().then(() => process.exit(0)));
  console.log('ready');
} catch (error) {
  console.error((error as { code?: string }).code ?? error);
  process.exit(2);
}
