import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import vue from '@vitejs/plugin-vue'
import { type Rolldown, build } from 'vite'
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

/** What most rooms use comes in one file, but for what main.ts needs before it: nothing else may be run until the language is known. */
const shared = (id: string): boolean =>
  /\/node_modules\/(@?vue|vue-router|@lucide)\/|\/src\/(api|kit|ui)\//.test(id) && !first.test(id)
const first = /\/src\/kit\/(words|message|languages)\.ts$|\/languages\/names\.json$|preload-helper/

/**
 * main.ts loads the language first and the rest after it. The page names what it will ask for, so that the browser fetches
 * it all at once: the modules and styles of start.ts, and the catalogue of the language that the server fills in.
 */
function foresee(): Plugin {
  return {
    name: 'foresee',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler(html, { bundle = {}, path }) {
        if (path !== '/index.html') return html
        const chunks = Object.values(bundle).filter(c => c.type === 'chunk')
        const named = (name: string) => chunks.find(c => c.fileName === name)
        const needed = new Set<string>()
        const walk = (c: (typeof chunks)[number] | undefined): void => {
          if (!c || needed.has(c.fileName)) return
          needed.add(c.fileName)
          for (const name of c.imports) walk(named(name))
        }
        walk(chunks.find(c => c.facadeModuleId?.endsWith('/src/start.ts')))
        const early = chunks.filter(c => c.isEntry).flatMap(c => [c, ...c.imports.map(named)]).flatMap(c => c?.moduleIds ?? [])
        const tooEarly = early.find(id => /\/src\/.*\.(ts|vue)$/.test(id) && !first.test(id) && !/\/src\/(main|away)\.ts$/.test(id))
        if (tooEarly) throw new Error(`${tooEarly} is run before the language is known`)
        if (needed.size === 0) throw new Error('start.ts is no chunk any more')
        const styles = chunks.filter(c => needed.has(c.fileName)).flatMap(c => [...(c.viteMetadata?.importedCss ?? [])])
        const fresh = (name: string): boolean => !html.includes(`/${name}"`)
        const preload = (name: string): string => `<link rel="modulepreload" crossorigin href="/webui/${name}">`
        const words = chunks.flatMap(c => {
          const language = /languages\/([\w-]+)\/web\.json$/.exec(c.facadeModuleId ?? '')?.[1]
          return language ? [`{{if eq .Lang "${language}"}}${preload(c.fileName)}{{end}}`] : []
        })
        const links = [...words, ...[...needed].filter(fresh).map(preload), ...[...new Set(styles)].filter(fresh).map(s => `<link rel="stylesheet" crossorigin href="/webui/${s}">`)]
        return html.replace('</head>', `${links.map(l => `  ${l}\n  `).join('')}</head>`)
      },
    },
  }
}

/** Builds the service worker, which is told what the page consists of that it shows when there is no line to the server. */
function attend(): Plugin {
  return {
    name: 'attend',
    apply: 'build',
    async writeBundle(_, bundle) {
      const shell = { build: '', ...shellIn(Object.values(bundle)) }
      const all = Object.values(bundle).map(part => (part.type === 'chunk' ? part.fileName : `${part.fileName} ${part.fileName.endsWith('.html') ? String(part.source) : ''}`))
      shell.build = createHash('sha256').update(all.sort().join('\n')).digest('hex').slice(0, 12)
      await build({
        configFile: false, logLevel: 'warn', define: { __SHELL__: JSON.stringify(shell) },
        build: {
          outDir, emptyOutDir: false, copyPublicDir: false, reportCompressedSize: false,
          rolldownOptions: { input: 'src/worker/worker.ts', output: { format: 'iife', entryFileNames: 'worker.js' } },
        },
      })
    },
  }
}

/** What away.html consists of, and the catalogues of all languages. */
function shellIn(parts: (Rolldown.OutputChunk | Rolldown.OutputAsset)[]): { entry: string; files: string[]; words: Record<string, string> } {
  const chunks = parts.filter(part => part.type === 'chunk')
  const files = new Set<string>()
  const words: Record<string, string> = {}
  const walk = (chunk: (typeof chunks)[number] | undefined): void => {
    if (!chunk || files.has(chunk.fileName)) return
    files.add(chunk.fileName)
    for (const sheet of chunk.viteMetadata?.importedCss ?? []) files.add(sheet)
    for (const name of chunk.imports) walk(chunks.find(c => c.fileName === name))
  }
  const entry = chunks.find(c => c.isEntry && c.facadeModuleId?.endsWith('/away.html'))
  if (!entry) throw new Error('away.html is no page any more')
  walk(entry)
  walk(chunks.find(c => c.facadeModuleId?.endsWith('/src/shell/away.ts')))
  for (const chunk of chunks) {
    const language = /languages\/([\w-]+)\/web\.json$/.exec(chunk.facadeModuleId ?? '')?.[1]
    if (language) words[language] = `/webui/${chunk.fileName}`
  }
  return { entry: `/webui/${entry.fileName}`, files: [...files].map(name => `/webui/${name}`), words }
}

// `npm run dev` serves the page alone and asks a running Atrium for all else.
const server = process.env.ATRIUM_DEV ?? 'http://localhost:8080'
const proxied = ['/remote.php', '/ocs', '/core', '/login', '/logout', '/csrftoken', '/f/', '/avatar']

export default defineConfig({
  base: '/webui/',
  define: { __VUE_OPTIONS_API__: false, __VUE_PROD_DEVTOOLS__: false },
  plugins: [vue({ template: { transformAssetUrls: false } }), sweep(), foresee(), squeeze(), attend()],
  worker: { format: 'es' },
  build: {
    rolldownOptions: { input: ['index.html', 'away.html'], output: { codeSplitting: { groups: [{ name: 'first', test: first, priority: 2 }, { name: 'base', test: shared, minShareCount: 2, priority: 1 }] } } },
    outDir, emptyOutDir: false, assetsInlineLimit: 0, modulePreload: { polyfill: false }, reportCompressedSize: false,
  },
  server: { fs: { allow: ['..'] }, proxy: Object.fromEntries(proxied.map(path => [path, { target: server, changeOrigin: true }])) },
  test: { include: ['src/**/*.test.ts'] },
})
