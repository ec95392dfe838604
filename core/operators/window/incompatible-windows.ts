import { TidemarkError } from '../../errors.js'
import type { StoredLayout } from '../../state/component.js'

/** @throws TidemarkError WINDOW_STATE_INCOMPATIBLE */
export function acceptWindows(operatorId: string, expected: StoredLayout, found: StoredLayout): void {
  if (found.layout === expected.layout && found.version === expected.version) return
  throw incompatibleWindows(operatorId, nameOf(expected), nameOf(found))
}

function nameOf({ layout, version }: StoredLayout): string {
  return `${layout}, version ${version}`
}

function incompatibleWindows(operatorId: string, expected: string, found: string): TidemarkError {
  return new TidemarkError({
    code: 'WINDOW_STATE_INCOMPATIBLE',
    domain: 'user',
    operatorId,
    message:
      `window '${operatorId}': expected stored state '${expected}', found '${found}'. A window step keeps its windows, ` +
      'trigger and kind of contents for the life of its state: give the changed step a new id, or restore without it.',
  })
}
