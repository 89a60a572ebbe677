import { ref, type Ref } from 'vue'

export type Theme = 'auto' | 'light' | 'dark'

const cookie = 'atrium_theme'
const themes: readonly Theme[] = ['auto', 'light', 'dark']

/** The look that was chosen. It is kept in a cookie so that the server sends the page in it and nothing flashes. */
export function useTheme(): { theme: Ref<Theme>; next: () => void } {
  const root = document.documentElement
  const theme = ref<Theme>(themes.find(t => t === root.dataset.theme) ?? 'auto')

  function next(): void {
    theme.value = themes[(themes.indexOf(theme.value) + 1) % themes.length] ?? 'auto'
    root.dataset.theme = theme.value
    const secure = location.protocol === 'https:' ? '; Secure' : ''
    document.cookie = `${cookie}=${theme.value}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`
  }
  return { theme, next }
}
