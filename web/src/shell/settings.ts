import type { RouteRecordRaw } from 'vue-router'
import { type Place, type Room, type SettingsPage, ranked } from '../kit/room'
import SettingsFrame from './SettingsFrame.vue'

/** All pages of the settings, in the order in which the frame lists them. */
export const settingsPages = (rooms: readonly Room[]): SettingsPage[] =>
  ranked(rooms.flatMap(room => room.settings ?? []))

/** The settings: a frame around one page of a room. The bare address leads to the first. */
export function settingsRoute(rooms: readonly Room[]): RouteRecordRaw {
  const pages = settingsPages(rooms)
  return {
    path: '/settings/user',
    component: SettingsFrame,
    props: { pages },
    ...(pages[0] ? { redirect: `/settings/user/${pages[0].id}` } : {}),
    children: pages.map(page => ({ path: page.id, component: page.component })),
  }
}

/** The pages of the settings as places to go to, for the palette of commands. */
export const settingsPlaces = (rooms: readonly Room[]): Place[] => settingsPages(rooms).map(({ id, label, icon, rank }) => ({ id: `settings-${id}`, label, icon, rank, to: `/settings/user/${id}` }))
