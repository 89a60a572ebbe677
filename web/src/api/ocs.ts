import { ApiError, send } from './http'

/** The signed-in person. */
export interface Me {
  id: string
  name: string
}

/** Asks who is signed in. */
export async function me(): Promise<Me> {
  const answer = await send('GET', '/ocs/v2.php/cloud/user?format=json')
  return meIn(await answer.json())
}

/** Reads ocs.data of cloud/user. Exported for its test. */
export function meIn(said: unknown): Me {
  const person = at(at(said, 'ocs'), 'data')
  const id = at(person, 'id')
  const name = at(person, 'display-name') ?? at(person, 'displayname')
  if (typeof id !== 'string' || id === '') throw new ApiError(0, 'The server did not say who is signed in.')
  return { id, name: typeof name === 'string' && name !== '' ? name : id }
}

function at(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined
}
