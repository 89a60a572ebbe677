import { type Webhook, type WebhookWish, usualHeader } from '../../../api/webhooks'
import type { Values } from './field'

/** A webhook as its form shows it. What is sealed stays away. */
export function webhookValues(hook: Webhook | undefined, event: string): Values {
  if (!hook) return { httpMethod: 'POST', event, filter: '' }
  const headers = Object.entries(hook.headers).map(([name, value]) => `${name}: ${value}`)
  return {
    uri: hook.uri, event: hook.event, userIdFilter: hook.userIdFilter, httpMethod: hook.httpMethod, headers: headers.join('\n'),
    filter: Array.isArray(hook.eventFilter) ? '' : JSON.stringify(hook.eventFilter, undefined, 2),
  }
}

/** Headers out of lines such as 'X-Name: value'; undefined when a line is none. */
export function headersIn(lines: string): Record<string, string> | undefined {
  const out: Record<string, string> = {}
  for (const line of lines.split('\n').filter(l => l.trim() !== '')) {
    const at = line.indexOf(':')
    if (at < 1) return undefined
    out[line.slice(0, at).trim()] = line.slice(at + 1).trim()
  }
  return out
}

/** What a form says, as it is sent. The secret header that is kept goes back sealed, unless another is typed or none is wanted. */
export function webhookWish(values: Values, headers: Record<string, string>, kept: string | null): WebhookWish {
  const said = (key: string): string => (values[key] ?? '').trim()
  const typed = values.authValue ?? ''
  const auth = values.noAuth === '1' ? '' : typed === '' ? kept ?? '' : JSON.stringify({ [said('authName') || usualHeader]: typed })
  return {
    httpMethod: said('httpMethod'), uri: said('uri'), event: said('event'), eventFilter: said('filter'), userIdFilter: said('userIdFilter'),
    headers: JSON.stringify(headers), authMethod: auth === '' ? 'none' : 'header', authData: auth,
  }
}
