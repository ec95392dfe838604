import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'

const FILE = join(import.meta.dirname, '../../../core/connector.ts')

/** The docstrings of the contract as text, by what they stand above: `Split`, `SplitReader.poll`. */
export function contract(): ReadonlyMap<string, string> {
  const file = ts.createSourceFile(FILE, readFileSync(FILE, 'utf8'), ts.ScriptTarget.Latest, true)
  const texts = new Map<string, string>()
  const add = (name: string, node: ts.Node): void => {
    const [range] = ts.getLeadingCommentRanges(file.text, node.pos)?.slice(-1) ?? []
    if (range) texts.set(name, plain(file.text.slice(range.pos, range.end)))
  }
  for (const statement of file.statements) {
    if (ts.isTypeAliasDeclaration(statement)) add(statement.name.text, statement)
    if (!ts.isInterfaceDeclaration(statement)) continue
    add(statement.name.text, statement)
    for (const member of statement.members) {
      if (member.name !== undefined) add(`${statement.name.text}.${member.name.getText(file)}`, member)
    }
  }
  return texts
}

function plain(comment: string): string {
  return comment
    .replace(/^\/\*\*|\*\/$/g, '')
    .replace(/^\s*\* ?/gm, '')
    .replace(/\s+/g, ' ')
    .trim()
}
