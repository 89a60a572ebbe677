// An OpenID provider of the npm package oidc-provider with three people, for tools/sso. scripts/services runs it:
//
//   node provider.mjs PORT CLIENTS
//
// CLIENTS is a file of JSON, read at each request, with the clients as docs/admin/oidc-provider.md has them. The claims
// are those of that page too: they come from the userinfo endpoint, and none but sub are in ID tokens.
import { generateKeyPairSync } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { Provider } from 'oidc-provider'
import { createMemoryAdapter } from 'oidc-provider/lib/adapters/memory_adapter.js'

const [port, clients] = process.argv.slice(2)
const people = {
	frank: { name: 'Frank Fern', email: 'frank@example.com', quota: '3 GB', groups: ['crew'] },
	gina: { name: 'Gina Gold', email: 'gina@example.com', quota: 'none', groups: ['cooks', 'crew'] },
	hugo: { name: 'Hugo Hare', email: 'hugo@example.com', quota: '1 GB', groups: ['crew', 'cloud-admins'] },
}

async function clientOf(id) {
	const all = JSON.parse(await readFile(clients, 'utf8').catch(() => '[]'))
	return all.find(c => c.client_id === id)
}

const memory = createMemoryAdapter()
const keys = [generateKeyPairSync('ec', { namedCurve: 'P-256' }), generateKeyPairSync('rsa', { modulusLength: 2048 })]
	.map(pair => ({ ...pair.privateKey.export({ format: 'jwk' }), use: 'sig' }))

const provider = new Provider(`http://127.0.0.1:${port}`, {
	jwks: { keys },
	adapter: model => model === 'Client' ? { find: clientOf } : memory(model),
	cookies: { keys: ['a key that only tests have'] },
	claims: { openid: ['sub'], profile: ['name', 'preferred_username'], email: ['email'], quota: ['quota'], groups: ['groups'] },
	scopes: ['openid', 'profile', 'email', 'quota', 'groups'],
	pkce: { required: () => true },
	features: { devInteractions: { enabled: false }, backchannelLogout: { enabled: true } },
	fetch: (url, options) => globalThis.fetch(url, { ...options, dispatcher: undefined }),
	interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
	findAccount: (_, id) => people[id] && { accountId: id, claims: () => ({ sub: id, preferred_username: id, ...people[id] }) },
	// Everybody lets the clients of the house in.
	async loadExistingGrant(ctx) {
		const { client, session, params } = ctx.oidc
		const grant = new ctx.oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId })
		grant.addOIDCScope(params.scope)
		await grant.save()
		return grant
	},
})

const page = '<!doctype html><title>Sign-in</title><form method="post"><input name="login"><input name="password" type="password"><button>Sign in</button></form>'

provider.use(async (ctx, next) => {
	if (!ctx.path.startsWith('/interaction/')) {
		return next()
	}
	await provider.interactionDetails(ctx.req, ctx.res)
	ctx.type = 'html'
	ctx.body = page
	if (ctx.method !== 'POST') {
		return
	}
	let said = ''
	for await (const part of ctx.req) {
		said += part
	}
	const form = new URLSearchParams(said)
	const login = form.get('login')
	if (!people[login] || form.get('password') !== `${login}-Keeps-7-keys`) {
		ctx.status = 403
		return
	}
	ctx.respond = false
	await provider.interactionFinished(ctx.req, ctx.res, { login: { accountId: login } })
})

provider.on('server_error', (_, err) => console.error(err))
provider.on('backchannel.error', (_, err) => console.error(err))
provider.listen(port, '127.0.0.1')
