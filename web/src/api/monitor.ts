import { ocs } from './person'

/** How busy a server was for a while. */
export interface Sample {
  /** Its end, in seconds since 1970. */
  at: number
  /** The share of the machine's processors that was at work, 0 to 1. */
  busy: number
  /** What the server itself had of them. */
  own: number
  /** Bytes of memory in use on the machine, and by the server itself. */
  memory: number
  resident: number
  /** Requests a minute, and those of them that the server failed to answer. */
  requests: number
  failed: number
  /** People who used the server within five minutes. */
  people: number
  shares: number
  /** Bytes of all files. */
  storage: number
}

export type Span = 'hour' | 'day'

export interface Samples {
  /** The node that tells of itself. */
  host: string
  started: string
  cpus: number
  memory: number
  disk: number
  free: number
  from: number
  to: number
  step: number
  samples: Sample[]
  now: Sample
}

export const samples = (span: Span): Promise<Samples> => ocs('GET', `/apps/administration/api/v1/samples?span=${span}`)

/** What programs that watch servers are told, as far as it is shown. */
export interface ServerInfo {
  nextcloud: {
    storage: { num_users: number; num_disabled_users: number; num_files: number }
    shares: { num_shares_user: number; num_shares_groups: number; num_shares_link: number; num_shares_mail: number; num_shares_link_no_password: number }
  }
  server: { webserver: string; database: { type: string; version: string; size: string } }
  activeUsers: { last5minutes: number; last1hour: number; last24hours: number; last7days: number; last1month: number }
}

export const serverInfo = (): Promise<ServerInfo> => ocs('GET', '/apps/serverinfo/api/v1/info')
