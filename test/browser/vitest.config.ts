import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['*.test.ts'],
    // A browser unpacks itself, and pages draw without a graphics card.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
