import { expect, test } from 'vitest'
import { escapeXml, failure, messageIn, unescapeXml } from './http'
import { meIn } from './ocs'

const none = (): null => null

test('the words of the server are found, whatever the protocol', () => {
  expect(messageIn('<?xml version="1.0"?><d:error xmlns:s="http://sabredav.org/ns"><s:message>&quot;a&quot; is locked</s:message></d:error>')).toBe('"a" is locked')
  expect(messageIn('{"ocs":{"meta":{"statuscode":404,"message":"No such user"},"data":[]}}')).toBe('No such user')
  expect(messageIn('{"message":"CSRF check failed"}')).toBe('CSRF check failed')
  expect(messageIn('{"message":7}')).toBe('')
  expect(messageIn('{broken')).toBe('')
  expect(messageIn('<html>Bad gateway</html>')).toBe('')
})

test('without words of the server, ours say what is the matter', () => {
  expect(failure(507, '', none).message).toBe('There is not enough room left.')
  expect(failure(599, '<html>', none).message).toBe('The server could not do it.')
})

test('an error tells its request and how long to wait, and whether waiting helps', () => {
  const busy = failure(503, '', name => ({ 'X-Request-Id': 'abc', 'Retry-After': '7' })[name] ?? null)
  expect([busy.requestId, busy.retryAfter, busy.passing]).toEqual(['abc', 7, true])
  expect(failure(403, '', none).passing).toBe(false)
  expect(failure(503, '', name => (name === 'Retry-After' ? 'Sun, 22 Nov 2026 05:00:00 GMT' : null)).retryAfter).toBe(0)
})

test('references out of range stay as they are', () => {
  expect(escapeXml('a < b & c > d')).toBe('a &lt; b &amp; c &gt; d')
  expect(unescapeXml('&#x110000;&#65;&unknown;')).toBe('&#x110000;A&unknown;')
})

test('who is signed in', () => {
  expect(meIn({ ocs: { data: { id: 'olga', 'display-name': 'Olga Ö.' } } })).toEqual({ id: 'olga', name: 'Olga Ö.' })
  expect(meIn({ ocs: { data: { id: 'olga', 'display-name': '' } } })).toEqual({ id: 'olga', name: 'olga' })
  expect(() => meIn({ ocs: { data: [] } })).toThrow(/who is signed in/)
})
