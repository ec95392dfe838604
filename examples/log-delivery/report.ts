import { table, whole } from '../shared/table.js'
import type { DeliveredObject } from './results.js'

/** Objects and rows of each folder, and one error document of each kind. */
export function report(objects: readonly DeliveredObject[], location: string): readonly string[] {
  const folders = new Map<string, { objects: number; rows: number; bytes: number }>()
  for (const { key, rows, bytes } of objects) {
    const folder = key.slice(0, key.lastIndexOf('/') + 1)
    const sum = folders.get(folder) ?? { objects: 0, rows: 0, bytes: 0 }
    folders.set(folder, { objects: sum.objects + 1, rows: sum.rows + rows.length, bytes: sum.bytes + bytes })
  }
  const rows = [...folders]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([folder, sum]) => [folder, whole(sum.objects), whole(sum.rows), whole(sum.bytes)])
  const lines = objects.filter(({ key }) => !isError(key)).reduce((total, object) => total + object.rows.length, 0)
  const errors = objects.filter(({ key }) => isError(key)).flatMap((object) => object.rows)
  return [
    '',
    table(
      [
        { head: `folder of ${location.split('/').slice(0, 3).join('/')}`, align: 'left' },
        { head: 'objects', align: 'right' },
        { head: 'rows', align: 'right' },
        { head: 'bytes', align: 'right' },
      ],
      rows,
    ),
    '',
    `${whole(lines)} lines delivered, ${whole(errors.length)} error documents`,
    ...firstOfEachKind(errors).map((document) => JSON.stringify(document)),
  ]
}

export const isError = (key: string): boolean => `/${key}`.includes('/errors/')

function firstOfEachKind(errors: DeliveredObject['rows']): DeliveredObject['rows'] {
  const first = new Map<unknown, DeliveredObject['rows'][number]>()
  for (const document of errors) if (!first.has(document['errorCode'])) first.set(document['errorCode'], document)
  return [...first.values()]
}
