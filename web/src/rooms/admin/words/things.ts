import type { AdminThing } from '../../../kit/room'
import { files } from './files'
import { sharing } from './sharing'
import { thingsOf } from './words'

export const sharingThings = (): AdminThing[] => thingsOf(sharing())
export const filesThings = (): AdminThing[] => thingsOf(files())
