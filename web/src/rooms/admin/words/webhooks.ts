import { usualHeader } from '../../../api/webhooks'
import { t } from '../../../kit/words'
import type { FieldSection } from '../ways/field'
import type { Section } from './words'

/** Where webhooks may go. */
export const webhookRules = (): Section[] => [{
  title: t('Where they may go'),
  settings: [{ key: 'webhook_listeners/allow_local_address', label: t('Addresses in private networks are allowed'), help: t('Who may make webhooks can then send requests to machines in your own network.') }],
}]

/** What an event is, in words. */
export function eventName(event: string): string {
  const names: Record<string, string> = {
    NodeCreatedEvent: t('File or folder made'), NodeWrittenEvent: t('File written'), NodeTouchedEvent: t('File touched'), NodeDeletedEvent: t('File or folder deleted'),
    NodeRenamedEvent: t('File or folder renamed or moved'), NodeCopiedEvent: t('File or folder copied'), NodeRestoredEvent: t('File or folder restored'),
    NodeAddedToFavorite: t('Made a favourite'), NodeRemovedFromFavorite: t('No favourite any more'),
    TagAssignedEvent: t('Tag put on a file'), TagUnassignedEvent: t('Tag taken from a file'),
    CommentAddedEvent: t('Comment written'), CommentUpdatedEvent: t('Comment changed'), CommentDeletedEvent: t('Comment deleted'),
    ShareCreatedEvent: t('Shared'), ShareAcceptedEvent: t('Share accepted'), ShareDeletedEvent: t('No longer shared'), ShareDeletedFromSelfEvent: t('Left a share'),
    UserCreatedEvent: t('Account made'), UserDeletedEvent: t('Account deleted'), UserChangedEvent: t('Account changed'), PasswordUpdatedEvent: t('Password changed'),
  }
  return names[event.slice(event.lastIndexOf('\\') + 1)] ?? event
}

/** What is said of one webhook, up to its filter, and after it. */
export const webhookFields = (events: readonly string[]): { first: FieldSection[]; more: FieldSection[] } => ({
  first: [{
    title: t('What is told to whom'),
    fields: [
      { key: 'uri', label: t('Address of the receiver'), placeholder: 'https://…', option: '' },
      { key: 'event', label: t('When'), kind: 'choice', option: '', choices: events.map(value => ({ value, label: eventName(value) })) },
      { key: 'userIdFilter', label: t('Only what this account does'), help: t('Its login; empty: whoever does it.'), option: '' },
    ],
  }],
  more: [{
    title: t('How it is sent'), folded: true,
    fields: [
      { key: 'httpMethod', label: t('Method'), kind: 'choice', option: '', choices: ['POST', 'PUT', 'PATCH', 'GET', 'DELETE'].map(value => ({ value, label: value })) },
      { key: 'headers', label: t('Headers'), help: t('One a line: X-Name: value. They can be seen by whoever may look after webhooks.'), kind: 'lines', option: '' },
      { key: 'authName', label: t('Secret header'), placeholder: usualHeader, option: '' },
      { key: 'authValue', label: t('Its value'), help: t('Such as “Bearer abc”. It is kept sealed and never shown again.'), kind: 'secret', option: '' },
      { key: 'noAuth', label: t('Send no secret header'), kind: 'yes', option: '' },
    ],
  }],
})
