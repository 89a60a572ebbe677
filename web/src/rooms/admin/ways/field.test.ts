import { expect, test } from 'vitest'
import { type FieldSection, optionsFor, quoted } from './field'

const sections: FieldSection[] = [{
  title: '', fields: [
    { key: 'client', label: '', option: 'clientid' }, { key: 'secret', label: '', kind: 'secret', option: 'clientsecret-file' },
    { key: 'unique', label: '', kind: 'yes', option: 'unique-uid' }, { key: 'ca', label: '', kind: 'lines', option: 'ca-file', file: true },
  ],
}]

test('a command says what differs, and no secret', () => {
  const usual = { unique: '1' }
  expect(optionsFor(sections, { client: 'it’s me', secret: 'hush', unique: '1', ca: '' }, usual)).toEqual(["--clientid='it’s me'", '--clientsecret-file=secret.txt'])
  expect(optionsFor(sections, { client: '', secret: '', unique: '0', ca: 'PEM' }, usual)).toEqual(['--unique-uid=0', '--ca-file=file.pem'])
})

test('what a shell would take apart stands in quotes', () => {
  expect([quoted('https://id.example/x'), quoted("a'b"), quoted('$(reboot)'), quoted('')]).toEqual(['https://id.example/x', "'a'\\''b'", "'$(reboot)'", "''"])
})
