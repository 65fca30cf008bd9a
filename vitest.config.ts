import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/{unit,model,fault,tfjs}/**/*.test.ts'],
    // Tests start threads and processes of their own: more than two files at once measure only each other.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
