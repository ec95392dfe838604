import { TidemarkError } from '../../errors.js'

export function incompatibleWindows(operatorId: string, expected: string, found: string): TidemarkError {
  return new TidemarkError({
    code: 'WINDOW_STATE_INCOMPATIBLE',
    domain: 'user',
    operatorId,
    message:
      `window '${operatorId}': expected stored state '${expected}', found '${found}'. A window step keeps its windows, ` +
      'trigger and kind of contents for the life of its state: give the changed step a new id, or restore without it.',
  })
}
