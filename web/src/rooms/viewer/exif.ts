import type { Place } from '../../api/media'
import { language } from '../../kit/words'

type Tags = ReadonlyMap<string, string>

/** The maker and model, without saying the maker twice: 'Canon', 'Canon EOS 5D' → 'Canon EOS 5D'. */
export function camera(tags: Tags): string {
  const [make, model] = [tags.get('Make') ?? '', tags.get('Model') ?? '']
  const [brand = ''] = make.split(' ')
  return model.toLowerCase().startsWith(brand.toLowerCase()) ? model || make : `${make} ${model}`.trim()
}

/** How it was taken: '1/250 s · f/2.8 · ISO 200 · 35 mm'. */
export function exposure(tags: Tags): string {
  const number = (name: string): number => ratio(tags.get(name) ?? '')
  const [time, aperture, iso, focal] = [number('ExposureTime'), number('FNumber'), number('ISOSpeedRatings') || number('PhotographicSensitivity') || number('ISO'), number('FocalLength')]
  return [
    time > 0 && (time < 0.4 ? `1/${Math.round(1 / time)} s` : `${round(time)} s`),
    aperture > 0 && `f/${round(aperture)}`,
    iso > 0 && `ISO ${iso}`,
    focal > 0 && `${round(focal)} mm`,
  ].filter(Boolean).join(' · ')
}

/** A place in degrees: '52.52003° N, 13.40495° E'. */
export function degrees({ latitude, longitude }: Place): string {
  const one = (value: number, plus: string, minus: string): string => `${Math.abs(value).toFixed(5)}° ${value < 0 ? minus : plus}`
  return `${one(latitude, 'N', 'S')}, ${one(longitude, 'E', 'W')}`
}

/** When a photo was taken by the clock of the camera, which tells no zone. */
export function takenAt(ms: number): string {
  return new Intl.DateTimeFormat(language() === 'en' ? 'en-GB' : language(), { dateStyle: 'full', timeStyle: 'short', timeZone: 'UTC' }).format(ms)
}

const round = (n: number): string => String(Math.round(n * 10) / 10)

/** The number in '28/10', '1/250' or '2.8'; 0 for what is none. */
function ratio(text: string): number {
  const [, above = '', below = '1'] = /^\s*(\d+(?:\.\d+)?)(?:\/(\d+(?:\.\d+)?))?/.exec(text) ?? []
  const value = Number(above) / Number(below)
  return Number.isFinite(value) ? value : 0
}
