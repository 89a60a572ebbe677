import './styles/base.css'
import { catalogueOf } from './kit/languages'
import { speak } from './kit/words'

// Rooms say things as soon as they are loaded, so the language comes first.
const wanted = document.documentElement.lang
const catalogue = await catalogueOf(wanted).catch(() => undefined) // English is better than nothing
if (catalogue) speak(wanted, catalogue)
await import('./start')
