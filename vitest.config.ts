import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    globalSetup: ['test/setup/build.ts', 'test/setup/keys.ts'],
    include: ['test/**/*.test.ts'],
    reporters: ['default', './test/setup/reporter.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
