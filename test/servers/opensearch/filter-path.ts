import { isObject, type Json } from './mapping.js'

/** What `filter_path` leaves of an answer: paths with `*` for any name; arrays are passed through. */
export function filtered(answer: Json, paths: readonly string[]): Json {
  return (
    pick(
      answer,
      paths.map((path) => path.split('.')),
    ) ?? {}
  )
}

function pick(value: Json, paths: readonly (readonly string[])[]): Json | undefined {
  if (paths.some((path) => path.length === 0)) return value
  if (Array.isArray(value)) {
    const kept = value.flatMap((one) => {
      const part = pick(one as Json, paths)
      return part === undefined ? [] : [part]
    })
    return kept.length > 0 ? kept : undefined
  }
  if (!isObject(value)) return undefined
  const kept = Object.entries(value).flatMap(([name, one]) => {
    const below = paths.filter(([first]) => first === '*' || first === name).map((path) => path.slice(1))
    const part = below.length > 0 ? pick(one, below) : undefined
    return part === undefined ? [] : [[name, part] as const]
  })
  return kept.length > 0 ? Object.fromEntries(kept) : undefined
}
