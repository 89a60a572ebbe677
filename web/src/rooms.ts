import type { Room } from './kit/room'
import activity from './rooms/activity/room'
import admin from './rooms/admin/room'
import comments from './rooms/comments/room'
import devices from './rooms/devices/room'
import files from './rooms/files/room'
import mine from './rooms/mine/room'
import notices from './rooms/notices/room'
import photos from './rooms/photos/room'
import profile from './rooms/profile/room'
import security from './rooms/security/room'
import sharing from './rooms/sharing/room'
import tags from './rooms/tags/room'
import trash from './rooms/trash/room'
import versions from './rooms/versions/room'
import viewer from './rooms/viewer/room'

/** What the client consists of. */
export const rooms: readonly Room[] = [files, sharing, comments, versions, tags, activity, trash, notices, profile, security, devices, mine, viewer, photos, admin]
