import { createApp } from 'vue'
import { createRouter, createWebHistory } from 'vue-router'
import { learn } from './kit/capabilities'
import { stayTuned } from './kit/live'
import { meet, who } from './kit/person'
import { actionsKey, commandsKey, footKey, openersKey, ranked, tabsKey } from './kit/room'
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

const meeting = meet().catch(() => undefined) // the name is a nicety where the id is known
if (who.value.id === '') await meeting
void learn().then(() => stayTuned()).catch(() => undefined) // what depends on it is offered when it is known
createApp(App, { places: ranked(rooms.flatMap(room => room.places ?? [])), settings: settingsPlaces(rooms), bar: ranked(rooms.flatMap(room => room.bar ?? [])), layers: rooms.flatMap(room => room.layers ?? []) })
  .provide(tabsKey, ranked(rooms.flatMap(room => room.tabs ?? [])))
  .provide(footKey, ranked(rooms.flatMap(room => room.foot ?? [])))
  .provide(actionsKey, ranked(rooms.flatMap(room => room.actions ?? [])))
  .provide(openersKey, ranked(rooms.flatMap(room => room.openers ?? [])))
  .provide(commandsKey, rooms.flatMap(room => room.commands ?? []))
  .use(router)
  .mount('#app')
install()
