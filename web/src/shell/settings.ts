import type { RouteRecordRaw } from 'vue-router'
import { type AdminPage, type Place, type Room, type SettingsPage, ranked } from '../kit/room'
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
export const settingsPlaces = (rooms: readonly Room[]): Place[] => settingsPages(rooms).map(({ id, label, icon, rank, needs }) => ({ id: `settings-${id}`, label, icon, rank, to: `/settings/user/${id}`, ...(needs ? { needs } : {}) }))

/** All pages for administration, small ranks first. */
export const adminPages = (rooms: readonly Room[]): AdminPage[] => ranked(rooms.flatMap(room => room.admin ?? []))

/** The administration: a frame of its own around one page of a room. The frame leads from the bare address to the first that a person may see. */
export function adminRoute(rooms: readonly Room[]): RouteRecordRaw {
  const pages = adminPages(rooms)
  return {
    path: '/settings/admin',
    component: () => import('./AdminFrame.vue'),
    props: { pages },
    children: pages.map(page => ({ path: page.id, component: page.component })),
  }
}
