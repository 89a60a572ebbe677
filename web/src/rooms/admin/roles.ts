import { type Holders, type Role, grantRole, holders, revokeRole, roles } from '../../api/people'

/** A role with who holds it. */
export interface HeldRole extends Role {
  held: Holders
}

/** All roles with who holds them, by what they are called. */
export async function heldRoles(): Promise<HeldRole[]> {
  const all = await Promise.all((await roles()).map(async role => ({ ...role, held: await holders(role.name) })))
  return all.sort((a, b) => a.display.localeCompare(b.display))
}

/** The short name of a role by what it is called: small letters, digits and hyphens. */
export const shortName = (display: string): string =>
  display.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '').slice(0, 64)

/** Gives a role to who shall hold it and takes it from who shall not; what was done before something failed stays done. */
export async function setHolders(name: string, before: Holders, after: Holders): Promise<void> {
  for (const kind of ['users', 'groups'] as const) {
    for (const id of after[kind].filter(id => !before[kind].includes(id))) await grantRole(name, kind, id)
    for (const id of before[kind].filter(id => !after[kind].includes(id))) await revokeRole(name, kind, id)
  }
}
