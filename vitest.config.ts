import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/{unit,model,fault,tfjs}/**/*.test.ts'],
    // Tests start threads and processes of their own: more than two files at once measure only each other.
    maxWorkers: 2,
    // A test that lasts ten seconds on a busy machine must find the records that it has made, and no samples of the machine.
    env: { OFFSTEP_SYSTEM_MS: '0' },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
