import { Globe, Laptop, Smartphone, Terminal } from '@lucide/vue'
import type { Component } from 'vue'
import type { Device, Limits } from '../../api/devices'
import { when } from '../../kit/format'
import { locale, t } from '../../kit/words'

export const pictures: Record<Device['form'], Component> = { browser: Globe, phone: Smartphone, desktop: Laptop, program: Terminal }

/** What people call the kinds of devices that the server has limits for. */
export const kindWords: Record<string, { label: string; hint: string }> = {
  client: { label: t('A sync client or phone app'), hint: t('It reaches everything that you do.') },
  files: { label: t('A program for files'), hint: t('It reaches your files and nothing else.') },
  folder: { label: t('A program for some folders'), hint: t('It reaches only the folders that you choose, as if there were no others.') },
  backup: { label: t('A backup'), hint: t('It reads everything and changes nothing.') },
  calendar: { label: t('A calendar or address book'), hint: t('It reaches your calendars and contacts, and no files.') },
  monitor: { label: t('A monitor'), hint: t('It reads the figures of the server, if you may.') },
}

/** The parts of the server that an app password may be limited to. */
export const roomWords: Record<string, string> = {
  files: t('Files'), calendar: t('Calendars'), contacts: t('Contacts'), account: t('Your account'), monitor: t('Figures of the server'), admin: t('Administration'),
}

export const roomWord = (id: string): string => roomWords[id] ?? id

/** The limits of an app password, in a few words each. */
export function limitWords(limits: Limits): string[] {
  const words: string[] = []
  if (limits.rooms) words.push(t('only: {parts}', { parts: limits.rooms.map(roomWord).join(', ') }))
  if (limits.but) words.push(t('not: {parts}', { parts: limits.but.map(roomWord).join(', ') }))
  if (limits.verbs) words.push(limits.verbs.length === 1 ? t('read only') : limits.verbs.includes('write') ? t('no sharing') : t('no writing'))
  for (const folder of limits.folders ?? []) words.push(folder.path ?? t('a folder that is gone'))
  return words
}

/** When and from where a device was last used. */
export function lastUse(device: Device): string {
  if (device.waiting) return t('Waiting to be used for the first time')
  const time = when(device.used)
  return device.network === '' ? t('Last used {time}', { time }) : t('Last used {time} from {network}', { time, network: device.network })
}

const day = new Intl.DateTimeFormat(locale(), { dateStyle: 'long' })

/** When a device ends; '' for never. */
export function ending(device: Device, now = Date.now()): string {
  if (device.expires === 0) return ''
  const on = { day: day.format(device.expires) }
  return device.expires <= now ? t('Ended on {day}', on) : t('Ends on {day}', on)
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

export const endedWords = (n: number): string => t('{n, plural, =0 {There was nothing else to end.} one {# other ended.} other {# others ended.}}', { n })
