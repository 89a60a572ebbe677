import { Blocks } from '@lucide/vue'
import { type Component, defineComponent, h, ref } from 'vue'
import { afterFirst } from '../../kit/first'

const made = new Map<string, Component>()

/** The picture of an app at an address, drawn as ours are; ours until it is there, or if there is none. */
export function iconOf(address: string): Component {
  const known = made.get(address)
  if (known) return known
  const icon = defineComponent({
    props: { size: { type: Number, default: 20 } },
    setup(props) {
      const there = ref(false)
      const probe = new Image()
      probe.onload = () => (there.value = true)
      void afterFirst().then(() => (probe.src = address))
      return () => (there.value
        ? h('span', { 'aria-hidden': 'true', style: { flex: 'none', width: `${props.size}px`, height: `${props.size}px`, background: 'var(--soft)', mask: `url("${address}") center / contain no-repeat` } })
        : h(Blocks, { size: props.size, 'aria-hidden': 'true' }))
    },
  })
  made.set(address, icon)
  return icon
}
