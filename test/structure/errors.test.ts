import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

/*
 * docs/errors.md lists every error code, and no other. A code is a literal in one of two places: the value of a property
 * `code`, or what a call gives to a helper as its parameter `code` (graphError('GRAPH_CYCLE', ...)). What passes an
 * error's code on (`thrown.code`) adds none. The syntax tree tells them apart from names in prose and from codes of Node.
 */
const FOLDERS = ['core', 'connectors', 'runtime', 'test/conformance', 'test/job', 'test/servers']
const CODE = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/
const ROW = /^\| `([A-Z0-9_]+)` +\| ([a-z]+) +\| (.+?) +\| (.+?) +\|$/
const RETRIED = '## What is tried again'

interface Facts {
  readonly domains: Set<string>
  retryable: boolean
}

interface Helper {
  readonly parameter: number
  readonly facts: Facts
}

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return sources(path)
    return /(?<!\.test)\.ts$/.test(path) ? [path] : []
  })
}

function visit(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node)
  ts.forEachChild(node, (child) => visit(child, see))
}

/** The texts that an expression can result in: not those that it compares with. */
function textsOf(expression: ts.Expression): string[] {
  if (ts.isStringLiteralLike(expression)) return [expression.text]
  if (ts.isConditionalExpression(expression)) {
    return [...textsOf(expression.whenTrue), ...textsOf(expression.whenFalse)]
  }
  if (ts.isBinaryExpression(expression) && expression.operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken) {
    return [...textsOf(expression.left), ...textsOf(expression.right)]
  }
  return []
}

/** The values of a property, also when it comes from a constant that is spread into the object (`...base`). */
function valuesOf(object: ts.ObjectLiteralExpression, name: string): readonly ts.Expression[] {
  return object.properties.flatMap((property) => {
    if (ts.isPropertyAssignment(property) && property.name.getText() === name) return [property.initializer]
    if (!ts.isSpreadAssignment(property) || !ts.isIdentifier(property.expression)) return []
    const base = constantNamed(property.expression.text, property)
    return base === undefined ? [] : valuesOf(base, name)
  })
}

function constantNamed(name: string, from: ts.Node): ts.ObjectLiteralExpression | undefined {
  for (let scope = from.parent; scope !== undefined; scope = scope.parent) {
    if (!ts.isBlock(scope)) continue
    for (const statement of scope.statements) {
      if (!ts.isVariableStatement(statement)) continue
      for (const { name: declared, initializer } of statement.declarationList.declarations) {
        if (declared.getText() !== name || initializer === undefined) continue
        const value = ts.isAsExpression(initializer) ? initializer.expression : initializer
        if (ts.isObjectLiteralExpression(value)) return value
      }
    }
  }
  return undefined
}

function factsOf(object: ts.ObjectLiteralExpression): Facts {
  return {
    domains: new Set(valuesOf(object, 'domain').flatMap(textsOf)),
    retryable: valuesOf(object, 'retryable').some((value) => /\btrue$/.test(value.getText())),
  }
}

/** The function around a shorthand `code`, when that is one of its parameters. */
function helperAround(property: ts.ShorthandPropertyAssignment): { name: string; helper: Helper } | undefined {
  for (let scope: ts.Node = property.parent; !ts.isSourceFile(scope); scope = scope.parent) {
    if (!ts.isFunctionDeclaration(scope) && !ts.isMethodDeclaration(scope)) continue
    const parameter = scope.parameters.findIndex(({ name }) => name.getText() === 'code')
    if (parameter < 0 || scope.name === undefined) return undefined
    return { name: scope.name.getText(), helper: { parameter, facts: factsOf(property.parent) } }
  }
  return undefined
}

function codesInSources(): { readonly codes: ReadonlyMap<string, Facts>; readonly unreadable: readonly string[] } {
  const codes = new Map<string, Facts>()
  const helpers = new Map<string, Helper>()
  const unreadable: string[] = []
  const files = FOLDERS.flatMap(sources).map((path) =>
    ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true),
  )
  const add = (value: ts.Expression, facts: Facts): void => {
    const found = textsOf(value).filter((text) => CODE.test(text))
    const isPassedOn = ts.isPropertyAccessExpression(value) && value.name.text === 'code'
    if (found.length === 0 && !isPassedOn) unreadable.push(`${value.getSourceFile().fileName}: ${value.getText()}`)
    for (const code of found) {
      const known = codes.get(code) ?? { domains: new Set<string>(), retryable: false }
      for (const domain of facts.domains) known.domains.add(domain)
      known.retryable ||= facts.retryable
      codes.set(code, known)
    }
  }
  const inTidemarkError = (object: ts.Node): boolean =>
    ts.isNewExpression(object.parent) && object.parent.expression.getText() === 'TidemarkError'
  for (const file of files) {
    visit(file, (node) => {
      if (ts.isShorthandPropertyAssignment(node) && node.name.text === 'code' && inTidemarkError(node.parent)) {
        const found = helperAround(node)
        if (found) helpers.set(found.name, found.helper)
      }
      if (!ts.isPropertyAssignment(node) || node.name.getText() !== 'code') return
      // Elsewhere it may be a code of something else: only what looks like one of ours counts there.
      const isOurs = inTidemarkError(node.parent) || textsOf(node.initializer).some((text) => CODE.test(text))
      if (isOurs) add(node.initializer, factsOf(node.parent))
    })
  }
  for (const file of files) {
    visit(file, (node) => {
      if (!ts.isCallExpression(node)) return
      const called = ts.isPropertyAccessExpression(node.expression) ? node.expression.name : node.expression
      const helper = helpers.get(called.getText())
      const value = helper && node.arguments[helper.parameter]
      if (value) add(value, helper.facts)
    })
  }
  return { codes, unreadable }
}

const page = readFileSync('docs/errors.md', 'utf8')
const rows = page.split('\n').flatMap((line) => {
  const [, code, domain] = ROW.exec(line) ?? []
  return code !== undefined && domain !== undefined ? [{ code, domain }] : []
})
const { codes, unreadable } = codesInSources()

describe('docs/errors.md', () => {
  it('has a row for each code in the sources, and no other', () => {
    expect(codes.size).toBeGreaterThan(0)
    expect(rows.map(({ code }) => code).sort()).toEqual([...codes.keys()].sort())
  })

  it('names the domain that the sources give', () => {
    const listed = rows.filter(({ code }) => codes.get(code)?.domains.size !== 0)
    expect(listed.map(({ code, domain }) => `${code} ${domain}`)).toEqual(
      listed.map(({ code }) => `${code} ${[...(codes.get(code)?.domains ?? [])].join(' or ')}`),
    )
  })

  it('has no row that is not code, domain, what happened and what to do', () => {
    // The formatter pads cells; how wide they are says nothing.
    const others = page
      .split('\n')
      .filter((line) => line.startsWith('|') && !ROW.test(line))
      .map((line) =>
        line
          .replace(/ *\| */g, ' | ')
          .replace(/-+/g, '---')
          .trim(),
      )
    expect(new Set(others)).toEqual(
      new Set(['| code | domain | what happened | what to do |', '| --- | --- | --- | --- |']),
    )
  })

  it('lists the codes that are tried again', () => {
    const section = page.slice(page.indexOf(RETRIED)).split('\n## ')[0] ?? ''
    const listed = [...section.matchAll(/^- `([A-Z0-9_]+)`/gm)].map(([, code]) => code)
    const retried = [...codes].filter(([, { retryable }]) => retryable).map(([code]) => code)
    expect(listed.sort()).toEqual(retried.sort())
  })
})

describe('the sources', () => {
  it('write each code as a literal, so that it can be found', () => {
    expect(unreadable).toEqual([])
  })
})
