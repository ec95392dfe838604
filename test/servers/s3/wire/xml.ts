import { XMLBuilder, XMLParser, XMLValidator } from 'fast-xml-parser'
import { S3Error } from '../s3-error.js'

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/'
const REPEATED: ReadonlySet<string> = new Set(['Object', 'Part'])

export type XmlValue = string | number | boolean | XmlObject | readonly XmlValue[]
export interface XmlObject {
  readonly [element: string]: XmlValue | undefined
}

const builder = new XMLBuilder({
  ignoreAttributes: false,
  processEntities: false,
  suppressEmptyNode: false,
  tagValueProcessor: (_name, value) => escapeText(String(value)),
})
const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  trimValues: false,
  isArray: (name) => REPEATED.has(name),
})

/** The body of an answer. Elements that are undefined are left out. */
export function toXml(root: string, content: XmlObject): string {
  const namespace = root === 'Error' ? {} : { '@_xmlns': NAMESPACE }
  return `<?xml version="1.0" encoding="UTF-8"?>\n${builder.build({ [root]: { ...namespace, ...content } })}`
}

/**
 * The children of a request's root element, whitespace between them aside.
 *
 * @throws S3Error MalformedXML
 */
export function fromXml(root: string, body: Buffer): Readonly<Record<string, unknown>> {
  const text = body.toString()
  if (XMLValidator.validate(text) !== true) throw new S3Error('MalformedXML')
  const parsed: unknown = parser.parse(text)
  if (!isElement(parsed) || !isElement(parsed[root])) throw new S3Error('MalformedXML')
  return parsed[root]
}

/** The elements of one name below `parent`, each with children. */
export function elements(parent: Readonly<Record<string, unknown>>, name: string): readonly Record<string, unknown>[] {
  const found = parent[name]
  if (found === undefined) return []
  if (!Array.isArray(found) || !found.every(isElement)) throw new S3Error('MalformedXML')
  return found
}

export function textOf(parent: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const found = parent[name]
  if (found === undefined) return undefined
  if (typeof found !== 'string') throw new S3Error('MalformedXML')
  return found
}

function isElement(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  // A reader would make a line feed of a bare one.
  '\r': '&#13;',
}

function escapeText(text: string): string {
  return text.replace(/[&<>"\r]/g, (found) => ENTITIES[found] ?? found)
}
