import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: { include: ['e2e/*.story.ts'], expect: { poll: { timeout: 30_000 } }, fileParallelism: false, testTimeout: 240_000, hookTimeout: 120_000, sequence: { concurrent: false } },
})
