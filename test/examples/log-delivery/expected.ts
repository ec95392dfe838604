import type { MadeUpLine } from '../../../examples/log-delivery/made-up.js'

/* What has to be delivered of made-up lines, by code that shares nothing with the job: split at spaces and quotes. */

export interface ExpectedDelivery {
  /** Folder and row of each line, sorted. */
  readonly delivered: readonly string[]
  /** Texts of what could not be decoded, sorted. */
  readonly undecodable: readonly string[]
  /** How many the format cannot take. */
  readonly unwritable: number
}

const TOO_LARGE = '99999999999999999999'

export function expectedDelivery(
  lines: readonly MadeUpLine[],
  { takesAllNumbers, withService }: { readonly takesAllNumbers: boolean; readonly withService: boolean },
): ExpectedDelivery {
  const logs = lines.filter(({ text }) => !text.startsWith('panic'))
  const isUnwritable = ({ text }: MadeUpLine): boolean => !takesAllNumbers && text.includes(TOO_LARGE)
  const wanted = logs.filter(({ text }) => !text.includes(' /health '))
  return {
    delivered: wanted
      .filter((line) => !isUnwritable(line))
      .map(({ service: own, at, text }) => {
        const [head = '', request = '', tail = ''] = text.split('"')
        const [method, target = ''] = request.split(' ')
        const [status, bytes] = tail.trim().split(' ')
        const network = head.split(' ')[0]?.split('.').slice(0, 3).join('.')
        const service = withService ? own : 'direct'
        return rowText({ at, service, network, method, path: target.split('?')[0], status, bytes })
      })
      .sort(),
    undecodable: lines.flatMap(({ text }) => (text.startsWith('panic') ? [text] : [])).sort(),
    unwritable: wanted.filter(isUnwritable).length,
  }
}

/** The row with the folder that it belongs to. */
export function rowText(row: Readonly<Record<string, unknown>>): string {
  const at = new Date(Number(row['at']))
  const [date = '', time = ''] = at.toISOString().split('T')
  const [year, month, day] = date.split('-')
  const folder = `service=${row['service']}/year=${year}/month=${month}/day=${day}/hour=${time.slice(0, 2)}/`
  const { service, network, method, path } = row
  return JSON.stringify([
    folder,
    at.getTime(),
    service,
    network,
    method,
    path,
    Number(row['status']),
    Number(row['bytes']),
  ])
}
