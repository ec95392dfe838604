import type { StoredLayout } from '../../core/state/component.js'
import type { SingleValueKind, WindowEntry } from './entries.js'

/** A user's state is stored under its name with this in front: it cannot meet a component of the engine's. */
export const STATE_PREFIX = 'state:'
export const TIMERS = 'timers'
export const WINDOWS = 'windows'
/** So is the state that a user declares for each window, which is stored as windows are. */
const WINDOW_STATE_PREFIX = 'window-state:'

/** How the entries of a component are to be read. */
export type Layout =
  | { readonly kind: SingleValueKind | 'map'; readonly state: string; readonly isTimed: boolean }
  | { readonly kind: 'timer' }
  /** A key is stored as [start, key]. */
  | { readonly kind: 'pane'; readonly state: WindowEntry['state'] }
  /** All windows of a key are one entry. */
  | { readonly kind: 'windows' }

/** Undefined: this release does not know it. */
export function layoutOf(component: string, { layout, version }: StoredLayout): Layout | undefined {
  if (component.startsWith(STATE_PREFIX)) {
    // The version is the user's own: what it changes is the form of the values. An aggregate's kind follows.
    const [, timed, kind] = /^(timed-)?(value|list|map|reducing|aggregating)-by-key(?: .*)?$/s.exec(layout) ?? []
    return kind === undefined
      ? undefined
      : {
          kind: kind as SingleValueKind | 'map',
          state: component.slice(STATE_PREFIX.length),
          isTimed: timed !== undefined,
        }
  }
  if (version !== 1) return undefined
  if (component === TIMERS) return layout === 'by-key' ? { kind: 'timer' } : undefined
  if (component === 'left' || component === 'right') {
    return layout.startsWith('by-time ') ? { kind: 'pane', state: component } : undefined
  }
  if (isWindowState(component)) return layout.startsWith('by-window ') ? { kind: 'pane', state: component } : undefined
  if (component !== WINDOWS) return undefined
  if (/^by-(window|slice) /.test(layout)) return { kind: 'pane', state: WINDOWS }
  return layout.startsWith('by-key ') ? { kind: 'windows' } : undefined
}

function isWindowState(component: string): component is `${typeof WINDOW_STATE_PREFIX}${string}` {
  return component.startsWith(WINDOW_STATE_PREFIX)
}

/** The name under which a component's state is asked for. */
export function stateNameOf(component: string): string {
  return component.startsWith(STATE_PREFIX) ? component.slice(STATE_PREFIX.length) : component
}
