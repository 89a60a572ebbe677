import type { Room } from './kit/room'
import devices from './rooms/devices/room'
import files from './rooms/files/room'
import profile from './rooms/profile/room'
import security from './rooms/security/room'
import sharing from './rooms/sharing/room'
import trash from './rooms/trash/room'

/** What the client consists of. */
export const rooms: readonly Room[] = [files, sharing, trash, profile, security, devices]
