import type { LocationQueryRaw, RouteLocationRaw, Router } from 'vue-router'

let router: Router | undefined

/** Tells whose addresses these are. The page calls it once. */
export const steer = (by: Router): void => void (router = by)

/** Goes to another address of the page, from where no component is at hand: an opener, a command. */
export async function goTo(to: RouteLocationRaw): Promise<void> {
  await router?.push(to)
}

/** Goes to the address that is shown, with more or other words in its query; undefined takes one away. */
export async function goWith(query: LocationQueryRaw): Promise<void> {
  if (router) await router.push({ path: router.currentRoute.value.path, query: { ...router.currentRoute.value.query, ...query } })
}
