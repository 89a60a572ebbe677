import { Globe, Laptop, Smartphone, Terminal } from '@lucide/vue'
import type { Component } from 'vue'
import type { Device, Limits } from '../../api/devices'
import { counted, when } from '../../kit/format'

export const pictures: Record<Device['form'], Component> = { browser: Globe, phone: Smartphone, desktop: Laptop, program: Terminal }

/** What people call the kinds of devices that the server has limits for. */
export const kindWords: Record<string, { label: string; hint: string }> = {
  client: { label: 'A sync client or phone app', hint: 'It reaches everything that you do.' },
  files: { label: 'A program for files', hint: 'It reaches your files and nothing else.' },
  folder: { label: 'A program for some folders', hint: 'It reaches only the folders that you choose, as if there were no others.' },
  backup: { label: 'A backup', hint: 'It reads everything and changes nothing.' },
  calendar: { label: 'A calendar or address book', hint: 'It reaches your calendars and contacts, and no files.' },
  monitor: { label: 'A monitor', hint: 'It reads the figures of the server, if you may.' },
}

/** The parts of the server that an app password may be limited to. */
export const roomWords: Record<string, string> = {
  files: 'Files', calendar: 'Calendars', contacts: 'Contacts', account: 'Your account', monitor: 'Figures of the server', admin: 'Administration',
}

export const roomWord = (id: string): string => roomWords[id] ?? id

/** The limits of an app password, in a few words each. */
export function limitWords(limits: Limits): string[] {
  const words: string[] = []
  if (limits.rooms) words.push(`only ${limits.rooms.map(roomWord).join(', ').toLowerCase()}`)
  if (limits.but) words.push(`not ${limits.but.map(roomWord).join(', ').toLowerCase()}`)
  if (limits.verbs) words.push(limits.verbs.length === 1 ? 'read only' : limits.verbs.includes('write') ? 'no sharing' : 'no writing')
  for (const folder of limits.folders ?? []) words.push(folder.path ?? 'a folder that is gone')
  return words
}

/** When and from where a device was last used. */
export function lastUse(device: Device): string {
  if (device.waiting) return 'Waiting to be used for the first time'
  const from = device.network === '' ? '' : ` from ${device.network}`
  return `Last used ${when(device.used)}${from}`
}

const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long' })

/** When a device ends; '' for never. */
export function ending(device: Device, now = Date.now()): string {
  if (device.expires === 0) return ''
  return `${device.expires <= now ? 'Ended' : 'Ends'} on ${day.format(device.expires)}`
}

/** The last moment of a day that a date field holds, in seconds since 1970; 0 for none. */
export function endOf(date: string): number {
  if (date === '') return 0
  const end = new Date(`${date}T23:59:59`)
  return Math.floor(end.getTime() / 1000)
}

/** A moment as a date field holds it. */
export function dateOf(ms: number): string {
  if (ms === 0) return ''
  const d = new Date(ms)
  const two = (n: number): string => String(n).padStart(2, '0')
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`
}

export const endedWords = (n: number): string => (n === 0 ? 'There was nothing else to end.' : `${counted(n, 'other')} ended.`)
