// What the login pages need to talk to security keys and passkeys. A form that
// carries data-options asks a key for its answer, one that carries data-begin asks
// the server for the options first; the answer travels in its field "challenge".
// Without this script, or without keys, the pages work with codes.
(() => {
  'use strict'
  const trouble = document.getElementById('trouble')
  const bytes = text => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), c => c.charCodeAt(0))
  const text = buffer => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')

  // read makes of JSON what navigator.credentials takes (WebAuthn, section 5.1.8).
  function read(options) {
    const list = all => (all ?? []).map(c => ({ ...c, id: bytes(c.id) }))
    const out = { ...options, challenge: bytes(options.challenge) }
    if (options.user) out.user = { ...options.user, id: bytes(options.user.id) }
    if (options.excludeCredentials) out.excludeCredentials = list(options.excludeCredentials)
    if (options.allowCredentials) out.allowCredentials = list(options.allowCredentials)
    return out
  }

  // write makes JSON of what a key answered.
  function write(credential) {
    const r = credential.response
    const response = { clientDataJSON: text(r.clientDataJSON) }
    for (const name of ['attestationObject', 'authenticatorData', 'signature', 'userHandle']) if (r[name]) response[name] = text(r[name])
    if (r.getTransports) response.transports = r.getTransports()
    return {
      id: credential.id, rawId: text(credential.rawId), type: credential.type, response,
      authenticatorAttachment: credential.authenticatorAttachment ?? undefined, clientExtensionResults: credential.getClientExtensionResults(),
    }
  }

  function say(error) {
    if (error?.name === 'AbortError') return
    trouble.textContent = error?.name === 'NotAllowedError' ? 'No key answered. Please try again.'
      : error?.name === 'InvalidStateError' ? 'This key is known already.'
      : error?.name === 'SecurityError' ? 'Keys do not work at this address.' : 'This did not work. Please try again.'
    trouble.hidden = false
  }

  async function begin(form) {
    if (form.dataset.options) return { ticket: form.dataset.ticket, options: JSON.parse(form.dataset.options) }
    const answer = await fetch(form.dataset.begin, { method: 'POST', credentials: 'same-origin' })
    if (!answer.ok) throw new Error(String(answer.status))
    return answer.json()
  }

  function send(form, ticket, credential) {
    form.elements.challenge.value = JSON.stringify({ ticket, credential: write(credential) })
    const stay = document.querySelector('input[type=checkbox][name=remember]')
    if (stay && form.elements.remember) form.elements.remember.value = stay.checked ? '1' : ''
    form.submit()
  }

  let waiting // the request that a browser offers beside the name field

  async function ask(form) {
    trouble.hidden = true
    waiting?.abort()
    try {
      const { ticket, options } = await begin(form)
      const publicKey = read(options)
      send(form, ticket, await (publicKey.user ? navigator.credentials.create({ publicKey }) : navigator.credentials.get({ publicKey })))
    } catch (error) {
      say(error)
    }
  }

  // What the server sent is good for ten minutes, and people leave login pages open.
  const fresh = 8 * 60_000
  function renew(old, form) {
    if (old !== waiting || old.signal.aborted) return
    old.abort()
    void offer(form)
  }

  async function offer(form) {
    if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return
    try {
      const { ticket, options } = await begin(form)
      waiting = new AbortController()
      setTimeout(renew, fresh, waiting, form)
      send(form, ticket, await navigator.credentials.get({ publicKey: read(options), mediation: 'conditional', signal: waiting.signal }))
    } catch {
      // Nobody chose one; the button and the password are still there.
    }
  }

  for (const form of document.querySelectorAll('form[data-options], form[data-begin]')) {
    if (!window.PublicKeyCredential) {
      if (form.dataset.options) {
        trouble.textContent = 'This browser, or this address, does not support keys.'
        trouble.hidden = false
      }
      continue
    }
    form.hidden = false
    form.addEventListener('submit', event => {
      event.preventDefault()
      void ask(form)
    })
    // A passkey that was refused would answer by itself again, and be refused again.
    if (form.dataset.begin && !new URLSearchParams(location.search).has('error')) void offer(form)
  }
})()
