import { send } from './http'

/** A credential of one's own: a browser that is signed in, or an app password. */
export interface Device {
  id: number
  name: string
  lastActivity: number
  type: number
  current: boolean
}

/** All credentials of whoever is signed in. */
export async function devices(): Promise<Device[]> {
  return ((await (await send('GET', '/settings/personal/authtokens')).json()) as Partial<Device>[]).map(d => ({
    id: d.id ?? 0, name: d.name ?? '', lastActivity: d.lastActivity ?? 0, type: d.type ?? 0, current: d.current ?? false,
  }))
}
