import './styles/base.css'
import { createApp } from 'vue'
import { createRouter, createWebHistory } from 'vue-router'
import { meet, who } from './kit/person'
import { rooms } from './rooms'
import App from './shell/App.vue'
import NotFound from './shell/NotFound.vue'
import { settingsRoute } from './shell/settings'

const router = createRouter({
  history: createWebHistory('/'),
  routes: [...rooms.flatMap(room => room.routes), settingsRoute(rooms), { path: '/:nowhere(.*)*', component: NotFound }],
})

const meeting = meet().catch(() => undefined) // the name is a nicety where the id is known
if (who.value.id === '') await meeting
createApp(App).use(router).mount('#app')
