import type { Reporter, TestModule, Vitest } from 'vitest/node';

/** Ends a run with the line that says how it went: `N passed, N failed`. Before it, how many were skipped, if any. */
export default class ClosingLine implements Reporter {
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const count = { passed: 0, failed: errors.length, skipped: 0 };
    for (const module of modules) {
      const tests = [...module.children.allTests()];
      for (const test of tests) {
        const { state } = test.result();
        if (state !== 'pending') count[state] += 1;
      }
      // A file that cannot be read, or whose preparations fail, has tests that never ran: it fails all the same.
      const toldOf = tests.some((test) => test.result().state === 'failed');
      if (!toldOf && !module.ok()) count.failed += 1;
    }
    if (count.skipped > 0) this.#vitest?.logger.log(`${count.skipped} skipped`);
    this.#vitest?.logger.log(`${count.passed} passed, ${count.failed} failed`);
  }
}
