import { TidemarkError } from '../../../core/errors.js'
import type { Ledger } from './storage.js'

const DIGITS = 10

type Moment = Pick<Ledger, 'generation' | 'checkpointId'>

/** In the order of their text is in the order of commits, and a late write of an old one changes nothing. */
export function ledgerName(lineage: string, { generation, checkpointId }: Moment): string {
  return `ledger-${lineage}-${padded(generation)}-${padded(checkpointId)}.json`
}

const NAME = /^ledger-([A-Za-z0-9]+)-(\d{10,})-(\d{10,})\.json$/

/** Undefined for what `ledgerName` did not make. */
export function parseLedgerName(name: string): (Moment & { readonly lineage: string }) | undefined {
  const match = NAME.exec(name)
  if (!match) return undefined
  return { lineage: match[1]!, generation: Number(match[2]), checkpointId: Number(match[3]) }
}

export function ledgerText(ledger: Ledger): string {
  return `${JSON.stringify(ledger)}\n`
}

/**
 * @param where for the message
 * @throws TidemarkError LEDGER_CORRUPT
 */
export function parseLedger(text: string, where: string): Ledger {
  let found: Partial<Ledger> | undefined
  try {
    found = JSON.parse(text) as Partial<Ledger>
  } catch {
    // Not JSON: said below.
  }
  if (found?.version === 1 && Array.isArray(found.open) && Array.isArray(found.partitions)) return found as Ledger
  throw new TidemarkError({
    code: 'LEDGER_CORRUPT',
    domain: 'storage',
    message:
      `${where}: expected the sink's ledger of version 1, found something else; restore the object, or remove it once ` +
      'no upload of an earlier run is needed',
  })
}

function padded(value: number): string {
  return String(value).padStart(DIGITS, '0')
}
