import type { Component, InjectionKey } from 'vue'
import type { RouteRecordRaw } from 'vue-router'
import type { Entry } from '../api/dav'
import type { Capabilities } from './capabilities'

/** A part of the client: what it adds to the whole. */
export interface Room {
  id: string
  routes: RouteRecordRaw[]
  /** Its pages among the person's own settings. */
  settings?: readonly SettingsPage[]
  /** What it adds to the list of places beside the files. */
  places?: readonly Place[]
  /** What it shows at the foot of the list of places. */
  foot?: readonly BarPiece[]
  /** What it tells of a file in the panel of details. */
  tabs?: readonly Tab[]
  /** What it puts into the bar above everything. */
  bar?: readonly BarPiece[]
  /** What it does with files that are selected, anywhere they are listed. */
  actions?: readonly FileAction[]
  /** What it opens when a person opens a file. */
  openers?: readonly Opener[]
  /** What it offers in the palette of commands. */
  commands?: readonly Command[]
  /** What it puts before the whole page for as long as the address says so. */
  layers?: readonly Layer[]
  /** What it adds only once it is known what the server can. */
  later?: Later
  /** Its pages for those who look after the server, at /settings/admin/<id>. */
  admin?: readonly AdminPage[]
}

/** What a room adds that depends on what the server says. */
export interface Later {
  places?(caps: Capabilities): readonly Place[]
  actions?(caps: Capabilities): readonly FileAction[]
}

/** Something a room does with files that are listed by another. */
export interface FileAction extends Action<Entry> {
  rank: number
  needs?(caps: Capabilities): boolean
}

/** What opens a file: the first by rank that says it does. Without one a file is downloaded. */
export interface Opener {
  id: string
  rank: number
  needs?(caps: Capabilities): boolean
  opens(entry: Entry): boolean
  /** Opens it; among are the files that are listed around it, in their order, itself included. */
  open(entry: Entry, among: readonly Entry[]): void | Promise<void>
}

/** Something that the palette of commands offers. */
export interface Command {
  id: string
  label: string
  icon: Component
  /** The key that does the same, as it is shown beside it. */
  key?: string
  needs?(caps: Capabilities): boolean
  run(): void | Promise<void>
}

/** Something that stands before the whole page, which rests behind it, while a word stands in the query of the address. */
export interface Layer {
  id: string
  query: string
  component: () => Promise<{ default: Component }>
}

/** A small thing in the bar above everything, such as a bell. */
export interface BarPiece {
  id: string
  rank: number
  /** Whether it nearly always is there, as wide as a button: its place is kept until it is known, so that nothing moves. */
  kept?: boolean
  needs?(caps: Capabilities): boolean
  component: () => Promise<{ default: Component }>
}

/** A place to go to, in the list beside the files. */
export interface Place {
  id: string
  label: string
  icon: Component
  /** Where it stands among the others: small numbers first. */
  rank: number
  to: string
  /** Whether the server has it; without, it always has. */
  needs?(caps: Capabilities): boolean
  /** What can be opened out below it, such as its folders. */
  inside?: () => Promise<{ default: Component }>
}

/** A tab of the panel of details. Its component gets the file as the property entry. */
export interface Tab {
  id: string
  label: string
  icon: Component
  rank: number
  needs?(caps: Capabilities): boolean
  component: () => Promise<{ default: Component<{ entry: Entry }> }>
}

/** All tabs of all rooms, by rank. */
export const tabsKey: InjectionKey<readonly Tab[]> = Symbol('tabs')

/** What stands at the foot of the list of places, by rank. */
export const footKey: InjectionKey<readonly BarPiece[]> = Symbol('foot')

/** What all rooms do with files, by rank. */
export const actionsKey: InjectionKey<readonly FileAction[]> = Symbol('actions')

/** What rooms do with files besides, once it is known what the server can. */
export const laterKey: InjectionKey<readonly Later[]> = Symbol('later')

/** What all rooms open files with, by rank. */
export const openersKey: InjectionKey<readonly Opener[]> = Symbol('openers')

/** What all rooms offer in the palette of commands. */
export const commandsKey: InjectionKey<readonly Command[]> = Symbol('commands')

/** What rooms contribute of one sort, small ranks first. */
export const ranked = <T extends { id: string; rank: number }>(things: readonly T[]): T[] =>
  [...things].sort((a, b) => a.rank - b.rank || a.id.localeCompare(b.id))

/** A page of the settings, at /settings/user/<id>. Its component is one main column that begins with an h1. */
export interface SettingsPage {
  id: string
  label: string
  icon: Component
  /** Where it stands among the others: small numbers first. */
  rank: number
  /** Whether there is something to set; without, there always is. */
  needs?(caps: Capabilities): boolean
  component: () => Promise<{ default: Component }>
}

/** The groups in which the pages for administration are listed, in their order. */
export type AdminGroup = 'server' | 'people' | 'ways' | 'rules' | 'upkeep'

/** Something on a page for administration that a search finds. */
export interface AdminThing {
  /** The fragment of the page's address at which it stands. */
  id: string
  label: string
  /** What else it is found by. */
  more: string
}

/** A page for those who look after the server, at /settings/admin/<id>. */
export interface AdminPage extends SettingsPage {
  group: AdminGroup
  /** Whether this person may do something there; without, only who administers everything may. */
  needs?(caps: Capabilities): boolean
  /** What stands on the page, for the search. */
  things?: () => Promise<readonly AdminThing[]>
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
