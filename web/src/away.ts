import './styles/base.css'
import { speakAsPage } from './kit/languages'

// What the worker shows when there is no line to the server (see worker/worker.ts).
await speakAsPage()
await import('./shell/away')
