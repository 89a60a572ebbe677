import { createApp } from 'vue'
import { lookIn } from '../kit/look'
import AwayPage from './AwayPage.vue'

Object.assign(document.documentElement.dataset, lookIn(document.cookie)) // the document was made for everybody
createApp(AwayPage).mount('#app')
