import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import vue from '@vitejs/plugin-vue'
import { type Plugin, defineConfig } from 'vitest/config'

const outDir = '../internal/feature/webui/dist'

/** Empties the folder of the last build, but for the dot file that keeps it in the repository. */
function sweep(): Plugin {
  return {
    name: 'sweep',
    apply: 'build',
    buildStart() {
      for (const name of readdirSync(outDir)) if (!name.startsWith('.')) rmSync(join(outDir, name), { recursive: true })
    },
  }
}

/** Puts .br and .gz beside each asset, so that the server never compresses. */
function squeeze(): Plugin {
  return {
    name: 'squeeze',
    apply: 'build',
    writeBundle() {
      const assets = join(outDir, 'assets')
      for (const name of readdirSync(assets)) {
        const raw = readFileSync(join(assets, name))
        if (raw.length < 512) continue
        const best = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } }
        writeFileSync(join(assets, `${name}.br`), brotliCompressSync(raw, best))
        writeFileSync(join(assets, `${name}.gz`), gzipSync(raw, { level: 9 }))
      }
    },
  }
}

// `npm run dev` serves the page alone and asks a running Atrium for all else.
const server = process.env.ATRIUM_DEV ?? 'http://localhost:8080'
const proxied = ['/remote.php', '/ocs', '/core', '/login', '/logout', '/csrftoken', '/f/', '/avatar']

export default defineConfig({
  base: '/webui/',
  define: { __VUE_OPTIONS_API__: false, __VUE_PROD_DEVTOOLS__: false },
  plugins: [vue({ template: { transformAssetUrls: false } }), sweep(), squeeze()],
  build: { outDir, emptyOutDir: false, assetsInlineLimit: 0, modulePreload: { polyfill: false }, reportCompressedSize: false },
  server: { proxy: Object.fromEntries(proxied.map(path => [path, { target: server, changeOrigin: true }])) },
  test: { include: ['src/**/*.test.ts'] },
})
