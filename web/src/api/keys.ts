import { ApiError } from './http'

/** What the server sends for a key to answer, and the ticket that goes back with the answer. */
export interface Ceremony {
  ticket: string
  options: KeyOptions
}

interface Named {
  id: string
  type: 'public-key'
}

interface KeyOptions {
  challenge: string
  rp?: PublicKeyCredentialRpEntity
  user?: { id: string; name: string; displayName: string }
  pubKeyCredParams?: PublicKeyCredentialParameters[]
  excludeCredentials?: Named[]
  allowCredentials?: Named[]
}

/** Whether this browser can talk to security keys at this address. */
export const keysWork = (): boolean => typeof PublicKeyCredential === 'function' && isSecureContext

/** Reads base64url. Exported for its test. */
export function bytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), c => c.charCodeAt(0))
}

/** Writes base64url. Exported for its test. */
export function base64url(buffer: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

const list = (all: Named[] | undefined): PublicKeyCredentialDescriptor[] => (all ?? []).map(c => ({ type: c.type, id: bytes(c.id) }))

/** Has the browser talk to a key and returns what it answered, as the server reads it (WebAuthn, section 5.1). */
export async function askKey(ceremony: Ceremony): Promise<string> {
  const { challenge, rp = { name: '' }, user, pubKeyCredParams = [], excludeCredentials, allowCredentials, ...rest } = ceremony.options
  const common = { ...rest, challenge: bytes(challenge) }
  let found: Credential | null
  try {
    found = user
      ? await navigator.credentials.create({
        publicKey: { ...common, rp, pubKeyCredParams, user: { ...user, id: bytes(user.id) }, excludeCredentials: list(excludeCredentials) },
      })
      : await navigator.credentials.get({ publicKey: { ...common, allowCredentials: list(allowCredentials) } })
  } catch (error) {
    throw new ApiError(400, trouble(error))
  }
  if (!(found instanceof PublicKeyCredential)) throw new ApiError(400, 'No key answered.')
  return JSON.stringify({ ticket: ceremony.ticket, credential: written(found) })
}

function trouble(error: unknown): string {
  const name = error instanceof DOMException ? error.name : ''
  const known = {
    NotAllowedError: 'No key answered, or it was cancelled.',
    InvalidStateError: 'This key is known already.',
    SecurityError: 'Keys do not work at this address.',
    UnknownError: 'The key could not be used.',
  }
  return known[name in known ? (name as keyof typeof known) : 'UnknownError']
}

function written(key: PublicKeyCredential): object {
  const { response } = key
  const out: Record<string, unknown> = { clientDataJSON: base64url(response.clientDataJSON) }
  if (response instanceof AuthenticatorAttestationResponse) {
    out['attestationObject'] = base64url(response.attestationObject)
    out['transports'] = response.getTransports()
  } else if (response instanceof AuthenticatorAssertionResponse) {
    out['authenticatorData'] = base64url(response.authenticatorData)
    out['signature'] = base64url(response.signature)
    if (response.userHandle) out['userHandle'] = base64url(response.userHandle)
  }
  return {
    id: key.id, rawId: base64url(key.rawId), type: key.type, response: out,
    authenticatorAttachment: key.authenticatorAttachment ?? undefined, clientExtensionResults: key.getClientExtensionResults(),
  }
}
