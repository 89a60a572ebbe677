import { ApiError } from '../../api/http'

/** What a part of the server says that may be switched off; undefined if it is. */
export async function unlessOff<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined
    throw error
  }
}
