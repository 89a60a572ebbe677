import type { Shared } from '../../api/inbox'

/** Characters that no file name of ours may hold, and those that other systems stumble over. */
const unfit = /[\p{Cc}/\\:*?"<>|]+/gu
const longest = 100

/** What was shared, as files: text and addresses become a text file of their own. untitled is what it is called without a title. */
export function filesOf({ files, title, text, url, at }: Shared, untitled: string): File[] {
  const words = [title, text, url].map(word => word.trim()).filter((word, i, all) => word !== '' && all.indexOf(word) === i)
  if (words.length === 0 || (files.length > 0 && text === '' && url === '')) return files
  const name = [...title.replace(unfit, ' ').replace(/\s+/gu, ' ')].slice(0, longest).join('').replace(/^[. ]+|[. ]+$/gu, '')
  return [...files, new File([`${words.join('\n\n')}\n`], `${name || untitled}.txt`, { type: 'text/plain', lastModified: at })]
}
