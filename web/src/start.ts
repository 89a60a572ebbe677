import { createApp } from 'vue'
import { createRouter, createWebHistory } from 'vue-router'
import { learn } from './kit/capabilities'
import { afterFirst, arrived } from './kit/first'
import { stayTuned } from './kit/live'
import { meet, who } from './kit/person'
import { actionsKey, commandsKey, footKey, laterKey, openersKey, ranked, tabsKey } from './kit/room'
import { steer } from './kit/way'
import { rooms } from './rooms'
import App from './shell/App.vue'
import { install } from './shell/install'
import NotFound from './shell/NotFound.vue'
import { adminRoute, settingsPlaces, settingsRoute } from './shell/settings'

const router = createRouter({
  history: createWebHistory('/'),
  routes: [...rooms.flatMap(room => room.routes), settingsRoute(rooms), adminRoute(rooms), { path: '/:nowhere(.*)*', component: NotFound }],
})

steer(router)

/** Milliseconds that things which can wait wait for the page at most. */
const patience = 2000

if (who.value.id === '') await meet().catch(() => undefined)
void Promise.all([learn(), afterFirst()]).then(() => stayTuned()).catch(() => undefined) // what depends on it is offered when it is known
setTimeout(arrived, patience) // on pages that do not say when they are there
const later = rooms.flatMap(room => room.later ?? [])
createApp(App, { places: ranked(rooms.flatMap(room => room.places ?? [])), settings: settingsPlaces(rooms), bar: ranked(rooms.flatMap(room => room.bar ?? [])), layers: rooms.flatMap(room => room.layers ?? []) })
  .provide(tabsKey, ranked(rooms.flatMap(room => room.tabs ?? [])))
  .provide(footKey, ranked(rooms.flatMap(room => room.foot ?? [])))
  .provide(actionsKey, ranked(rooms.flatMap(room => room.actions ?? [])))
  .provide(laterKey, later)
  .provide(openersKey, ranked(rooms.flatMap(room => room.openers ?? [])))
  .provide(commandsKey, rooms.flatMap(room => room.commands ?? []))
  .use(router)
  .mount('#app')
install()
