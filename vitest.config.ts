import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/own-temporary-folder.ts'],
    setupFiles: ['test/property-seed.ts'],
    // Tests that start threads and servers share two cores, on a machine that may have other work:
    // a limit of time finds what hangs, nothing else.
    maxWorkers: 2,
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
})
