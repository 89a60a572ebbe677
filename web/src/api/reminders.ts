import { ocs } from './person'

const path = (file: string): string => `/apps/files_reminders/api/v1/${file}`

/** When one wants to be reminded of a file by its number, in milliseconds since 1970; 0 for never. */
export async function reminderOf(file: string): Promise<number> {
  const { dueDate } = await ocs<{ dueDate: string | null }>('GET', path(file))
  return dueDate === null ? 0 : Date.parse(dueDate)
}

export const remind = (file: string, at: number): Promise<unknown> => ocs('PUT', path(file), { dueDate: new Date(at).toISOString() })

export const forgetReminder = (file: string): Promise<unknown> => ocs('DELETE', path(file))
