/** That a key was there. */
export interface Sighting<T> {
  readonly at: number
  readonly record: T
}

/**
 * The sightings that may still say that a key was absent, in the order of event time. One whose neighbours are no more
 * than `withinMs` apart never will, whatever comes between them: so at most two are kept for each `withinMs` of the time
 * that the watermark is behind.
 * @returns the same list when nothing changes
 */
export function withSighting<T>(
  sightings: readonly Sighting<T>[],
  seen: Sighting<T>,
  withinMs: number,
): readonly Sighting<T>[] {
  let place = sightings.length
  // The newest are looked at first: most records are newer than all before them.
  while (place > 0 && (sightings[place - 1] as Sighting<T>).at > seen.at) place--
  const before = sightings.slice(0, place)
  const after = sightings.slice(place)
  // Of one time the one that came last.
  if (before.at(-1)?.at === seen.at) before.pop()
  else if (isSuperfluous(before.at(-1), after[0], withinMs)) return sightings
  if (isSuperfluous(before.at(-2), seen, withinMs)) before.pop()
  if (isSuperfluous(seen, after[1], withinMs)) after.shift()
  return [...before, seen, ...after]
}

/** What lies between two that are so near each other. */
function isSuperfluous<T>(before: Sighting<T> | undefined, after: Sighting<T> | undefined, withinMs: number): boolean {
  return before !== undefined && after !== undefined && after.at - before.at <= withinMs
}
