// Makes the pages of public links nicer where scripts run; nothing needs it.
'use strict'

for (const img of document.querySelectorAll('img[data-thumb]')) {
  img.addEventListener('error', () => { img.style.visibility = 'hidden' }, { once: true })
}
for (const time of document.querySelectorAll('time[datetime]')) {
  const at = new Date(time.dateTime)
  if (!isNaN(at)) time.textContent = at.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' })
}
const printer = document.querySelector('[data-print]')
if (printer) {
  printer.hidden = false
  printer.addEventListener('click', () => print())
}
const form = document.querySelector('[data-uploader]')
if (form) uploader(form)

function uploader(form) {
  const input = form.querySelector('input[type=file]')
  const well = form.querySelector('.well')
  const list = form.querySelector('[data-progress]')
  const trouble = form.querySelector('[data-trouble]')
  const button = form.querySelector('button[type=submit]')
  const receipt = []
  let running = false
  form.querySelector('.hint').hidden = false

  for (const kind of ['dragenter', 'dragover']) well.addEventListener(kind, e => { e.preventDefault(); well.classList.add('over') })
  for (const kind of ['dragleave', 'drop']) well.addEventListener(kind, () => well.classList.remove('over'))
  well.addEventListener('drop', e => {
    e.preventDefault()
    start([...e.dataTransfer.files])
  })
  form.addEventListener('submit', e => {
    e.preventDefault()
    start([...input.files])
  })
  addEventListener('beforeunload', e => { if (running) e.preventDefault() })

  async function start(files) {
    const name = form.elements.nickname
    if (running || !files.length || name && !name.reportValidity()) return
    running = button.disabled = true
    trouble.hidden = true
    list.replaceChildren()
    const rows = files.map(row)
    for (const [i, file] of files.entries()) {
      try {
        const [got] = (await send(file, rows[i].bar)).files
        rows[i].done(got)
        receipt.push(got)
      } catch (err) {
        rows[i].done({ name: file.name, error: err.message })
        trouble.textContent = 'Not all files arrived. Please try those again.'
        trouble.hidden = false
      }
    }
    running = button.disabled = false
    form.reset()
    finish()
  }

  function row(file) {
    const li = document.createElement('li')
    const name = document.createElement('strong')
    const bar = document.createElement('progress')
    name.textContent = file.name
    bar.setAttribute('aria-label', file.name)
    bar.max = 1
    bar.value = 0
    li.append(name, bar)
    list.append(li)
    return {
      bar,
      done(got) {
        bar.remove()
        name.textContent = got.name
        const more = document.createElement('span')
        if (got.error) {
          more.className = 'bad'
          more.textContent = ` – ${got.error}`
        } else {
          more.className = 'soft small'
          more.textContent = ` – ${got.size.toLocaleString()} ${got.size === 1 ? 'byte' : 'bytes'}, ${new Date(got.time).toLocaleString()}, SHA-256 ${got.sha256}`
        }
        li.append(more)
      },
    }
  }

  function send(file, bar) {
    return new Promise((good, bad) => {
      const data = new FormData()
      for (const field of ['nickname', 'dir']) if (form.elements[field]) data.append(field, form.elements[field].value)
      data.append('files', file)
      const ask = new XMLHttpRequest()
      ask.open('POST', form.action)
      ask.responseType = 'json'
      ask.setRequestHeader('Accept', 'application/json')
      ask.upload.onprogress = e => { if (e.lengthComputable) bar.value = e.loaded / e.total }
      ask.onload = () => ask.status === 200 && ask.response ? good(ask.response) : bad(new Error(ask.response?.message ?? `The server said ${ask.status}.`))
      ask.onerror = () => bad(new Error('The connection broke off.'))
      ask.send(data)
    })
  }

  function finish() {
    let done = form.querySelector('[data-done]')
    if (!done) {
      done = document.createElement('p')
      done.dataset.done = ''
      done.className = 'notice good'
      done.setAttribute('role', 'status')
      const keep = document.createElement('button')
      keep.type = 'button'
      keep.className = 'button quiet'
      keep.textContent = 'Print the receipt'
      keep.addEventListener('click', () => print())
      list.before(done)
      list.after(keep)
    }
    const n = receipt.filter(r => !r.error).length
    done.textContent = `${n} ${n === 1 ? 'file has' : 'files have'} arrived safely. The list below is your receipt.`
  }
}
