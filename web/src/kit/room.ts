import type { Component } from 'vue'
import type { RouteRecordRaw } from 'vue-router'

/** A part of the client: what it adds to the whole. */
export interface Room {
  id: string
  routes: RouteRecordRaw[]
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
