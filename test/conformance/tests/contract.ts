import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'

const FILES = ['connector.ts', 'element.ts'].map((name) => join(import.meta.dirname, '../../../core', name))

/** The docstrings of the contract as text, by what they stand above: `Split`, `SplitReader.poll`. */
export function contract(): ReadonlyMap<string, string> {
  const texts = new Map<string, string>()
  for (const name of FILES) {
    addDocstrings(texts, ts.createSourceFile(name, readFileSync(name, 'utf8'), ts.ScriptTarget.Latest, true))
  }
  return texts
}

function addDocstrings(texts: Map<string, string>, file: ts.SourceFile): void {
  const add = (name: string, node: ts.Node): void => {
    const [range] = ts.getLeadingCommentRanges(file.text, node.pos)?.slice(-1) ?? []
    if (range) texts.set(name, plain(file.text.slice(range.pos, range.end)))
  }
  for (const statement of file.statements) {
    if (ts.isTypeAliasDeclaration(statement)) add(statement.name.text, statement)
    if (ts.isClassDeclaration(statement) && statement.name) add(statement.name.text, statement)
    if (!ts.isInterfaceDeclaration(statement)) continue
    add(statement.name.text, statement)
    for (const member of statement.members) {
      if (member.name !== undefined) add(`${statement.name.text}.${member.name.getText(file)}`, member)
    }
  }
}

function plain(comment: string): string {
  return comment
    .replace(/^\/\*\*|\*\/$/g, '')
    .replace(/^\s*\* ?/gm, '')
    .replace(/\s+/g, ' ')
    .trim()
}
