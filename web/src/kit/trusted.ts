/** What of the browser's Trusted Types is used here. */
interface Policies {
  createPolicy(name: string, rules: { createScriptURL(asked: string): string }): { createScriptURL(asked: string): unknown }
}

/** Addresses whose code may be run beside the page: our own assets and the worker of the page. */
const ours = /^\/webui\/(assets\/|worker\.js(\?|$))/

const policy = (globalThis as { trustedTypes?: Policies }).trustedTypes?.createPolicy('worker', {
  createScriptURL(asked) {
    if (!ours.test(asked)) throw new TypeError('not a program of ours')
    return asked
  },
})

/** The address of a program of ours, as something the page lets run: the document allows no other (Trusted Types, policy "worker"). */
export const trusted = (address: string): string => (policy ? (policy.createScriptURL(address) as string) : address)
