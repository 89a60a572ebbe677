import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { need } from './browser'

const top = 'dc=example,dc=org'
const boss = ['-x', '-H', need('TEST_LDAP'), '-D', `cn=admin,${top}`, '-w', 'secret']

/** A branch of its own in the directory that tests share (scripts/services up slapd). */
export class Branch {
  readonly address = need('TEST_LDAP')
  readonly reader = { dn: `cn=reader,${top}`, password: 'reader' }
  readonly top = top
  readonly dn = `ou=story-${randomUUID()},${top}`

  constructor() {
    this.add(this.dn, { objectClass: ['organizationalUnit'] })
  }

  /** Adds an entry; values stand in base64, so that nothing in them counts. */
  add(dn: string, values: Readonly<Record<string, readonly string[]>>): void {
    const coded = (text: string): string => Buffer.from(text).toString('base64')
    const lines = [`dn:: ${coded(dn)}`, ...Object.entries(values).flatMap(([name, all]) => all.map(value => `${name}:: ${coded(value)}`))]
    execFileSync('ldapadd', boss, { input: `${lines.join('\n')}\n`, stdio: ['pipe', 'ignore', 'pipe'] })
  }

  /** Adds somebody, and returns who that is. */
  person(uid: string, name: string): string {
    const dn = `uid=${uid},${this.dn}`
    this.add(dn, { objectClass: ['inetOrgPerson'], cn: [name], sn: [name], displayName: [name], mail: [`${uid}@corp.example`], employeeType: ['3 GB'], userPassword: ['pw'] })
    return dn
  }

  remove(dn = this.dn): void {
    execFileSync('ldapdelete', [...boss, '-r', dn], { stdio: ['ignore', 'ignore', 'pipe'] })
  }
}
