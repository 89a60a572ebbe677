import './styles/base.css'
import { speakAsPage } from './kit/languages'

// Rooms say things as soon as they are loaded, so the language comes first.
await speakAsPage()
await import('./start')
