import { ocs } from './person'

const at = '/apps/provisioning_api/api/v1/config/users/webui'

/** Keeps a choice of the person's for all their browsers. */
export const choose = (name: string, value: string): Promise<unknown> => ocs('POST', `${at}/${encodeURIComponent(name)}`, { configValue: value })
