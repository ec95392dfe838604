import type { Answer } from '../s3.js'
import { toXml, type XmlObject } from '../wire/xml.js'

export const NO_CONTENT: Answer = { status: 204 }

export function xmlAnswer(root: string, content: XmlObject, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status: 200, headers: { 'content-type': 'application/xml', ...headers }, body: toXml(root, content) }
}
