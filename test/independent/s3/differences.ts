import type { Finding, Findings } from './subject.js'

export interface Difference {
  /** Names from the scenario's findings down to the value. */
  readonly path: string
  readonly local: string
  readonly other: string
}

/** The values that are not equal, each by its path. */
export function differencesOf(local: Findings, other: Findings): readonly Difference[] {
  return compare('', local, other)
}

function compare(path: string, local: Finding, other: Finding): Difference[] {
  if (isGroup(local) && isGroup(other)) {
    const names = new Set([...Object.keys(local), ...Object.keys(other)])
    return [...names].flatMap((name) => compare(path === '' ? name : `${path}.${name}`, local[name], other[name]))
  }
  const [left, right] = [show(local), show(other)]
  return left === right ? [] : [{ path, local: left, other: right }]
}

/** `undefined` is as good as not there. */
export function show(finding: Finding): string {
  return JSON.stringify(finding) ?? 'nothing'
}

function isGroup(finding: Finding): finding is { readonly [name: string]: Finding } {
  return typeof finding === 'object' && !Array.isArray(finding)
}
