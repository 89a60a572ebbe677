import { type Capabilities, capability } from './capabilities'

/** Whether somebody administers the whole server. */
export const administers = (caps: Capabilities): boolean => capability(caps, 'administration', 'admin') === true

/** Whether somebody is in charge of some groups. */
export const leads = (caps: Capabilities): boolean => capability(caps, 'administration', 'groups') === true

/** Whether somebody may do what a right names, as administrators may all. */
export function holds(caps: Capabilities, right: string): boolean {
  const rights = capability(caps, 'administration', 'rights')
  return administers(caps) || (Array.isArray(rights) && rights.includes(right))
}
