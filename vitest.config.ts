import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { defineConfig } from 'vitest/config';

/** What tests may rely on, wherever they run: UTC, a terminal of 80x24, a state directory that is nobody's. */
const HERMETIC = {
  TZ: 'UTC',
  LANG: 'C.UTF-8',
  LINES: '24',
  COLUMNS: '80',
  XDG_STATE_HOME: path.join(tmpdir(), `salvor-test-state-${process.pid}`),
};

// What a developer has set for the real thing would steer the tests; workers inherit what is left here.
for (const name of Object.keys(process.env)) {
  if (/^SALVOR_|^(NO_COLOR|FORCE_COLOR|NODE_OPTIONS|ACCESSIBLE|INK_SCREEN_READER|DEV)$/.test(name)) {
    delete process.env[name];
  }
}

/** Rings that have a script of their own. */
const APART = ['test/crash/**', 'test/services/**', 'test/fuzz/**'];

function project(name: string, include: string, timeoutMs: number) {
  return {
    extends: true as const,
    test: {
      name,
      include: [include],
      exclude: name === 'unit' ? APART : [],
      // Only who asks for it waits for a server.
      globalSetup: name === 'services' ? ['test/services/global-setup.ts'] : [],
      testTimeout: timeoutMs,
      hookTimeout: timeoutMs,
    },
  };
}

export default defineConfig({
  test: {
    env: HERMETIC,
    globalSetup: ['scripts/build-when-stale.ts'],
    // Most tests wait for processes they started, and leave a core idle meanwhile.
    maxWorkers: availableParallelism() + 1,
    projects: [
      project('unit', 'test/**/*.test.{ts,tsx}', 120_000),
      project('crash', 'test/crash/**/*.test.ts', 300_000),
      project('fuzz', 'test/fuzz/**/*.test.ts', 300_000),
      project('services', 'test/services/**/*.test.{ts,tsx}', 300_000),
    ],
  },
});
