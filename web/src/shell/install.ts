import { trusted } from '../kit/trusted'
import { language } from '../kit/words'

/** Has the browser keep what it needs to say that it is off-line, and to take what is shared with us. The page does not wait for it. */
export function install(): void {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return
  const now = (): void => {
    void navigator.serviceWorker.register(trusted(`/webui/worker.js?lang=${encodeURIComponent(language())}`), { scope: '/', updateViaCache: 'none' })
      .catch(() => undefined) // a browser that lets nothing be kept can do without
  }
  if (document.readyState === 'complete') setTimeout(now)
  else addEventListener('load', () => setTimeout(now), { once: true })
}
