import type { Component } from 'vue'
import type { RouteRecordRaw } from 'vue-router'

/** A part of the client: what it adds to the whole. */
export interface Room {
  id: string
  routes: RouteRecordRaw[]
  /** Its pages among the person's own settings. */
  settings?: readonly SettingsPage[]
}

/** A page of the settings, at /settings/user/<id>. Its component is one main column that begins with an h1. */
export interface SettingsPage {
  id: string
  label: string
  icon: Component
  /** Where it stands among the others: small numbers first. */
  rank: number
  component: () => Promise<{ default: Component }>
}

export const defineRoom = (room: Room): Room => room

/** Something that can be done with things that are selected. */
export interface Action<T> {
  id: string
  label: string
  icon: Component
  /** The key that does the same, as it is shown in the help. */
  key?: string
  danger?: boolean
  enabled(things: readonly T[]): boolean
  run(things: readonly T[]): void
}
