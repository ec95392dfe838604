import ts from 'typescript'

/** What the DSL is made of: every other interface of it leads to one of these. */
const ENDS = ['Stream', 'Pattern']

export interface Dsl {
  /** `Stream.map`: what a job can call or read to go on from one step to the next. Not what refuses every call, in words. */
  readonly members: readonly string[]
  /** Those of a subpath's functions that a job can call. */
  functionsOf(subpath: string): readonly string[]
  /** Which of all these the text has, each where its type is what it is called on. */
  readonly used: ReadonlySet<string>
}

/** @param file imports the subpaths */
export function dslOf(program: ts.Program, file: ts.SourceFile): Dsl {
  const checker = program.getTypeChecker()
  const exported = new Map(
    file.statements.filter(ts.isImportDeclaration).map(({ moduleSpecifier }) => {
      const module = checker.getSymbolAtLocation(moduleSpecifier)
      const symbols = module === undefined ? [] : checker.getExportsOfModule(module)
      return [(moduleSpecifier as ts.StringLiteral).text, symbols.map((symbol) => original(symbol, checker))] as const
    }),
  )
  const interfaces = [...exported.values()]
    .flat()
    .flatMap(({ declarations = [] }) => declarations)
    .filter(ts.isInterfaceDeclaration)
  return {
    members: membersOf(interfaces),
    functionsOf: (subpath) =>
      (exported.get(subpath) ?? []).filter(({ flags }) => flags & ts.SymbolFlags.Function).map(({ name }) => name),
    used: usedIn(file, checker),
  }
}

function membersOf(interfaces: readonly ts.InterfaceDeclaration[]): readonly string[] {
  const owners = new Set(ENDS)
  const leads = (member: ts.TypeElement): boolean => namesIn(typeOf(member)).some((name) => owners.has(name))
  for (let known = 0; known < owners.size; ) {
    known = owners.size
    for (const one of interfaces) if (one.members.some(leads)) owners.add(one.name.text)
  }
  return interfaces.flatMap((owner) =>
    owner.members.filter(leads).map((member) => `${owner.name.text}.${member.name?.getText()}`),
  )
}

/** What a method gives, what a property is. A function that a user writes leads nowhere. */
function typeOf(member: ts.TypeElement): ts.TypeNode | undefined {
  if (!ts.isMethodSignature(member) && !ts.isPropertySignature(member)) return undefined
  return member.type === undefined || ts.isFunctionTypeNode(member.type) ? undefined : member.type
}

function namesIn(type: ts.Node | undefined): readonly string[] {
  if (type === undefined) return []
  const own = ts.isTypeReferenceNode(type) ? [type.typeName.getText()] : []
  return [...own, ...type.getChildren().flatMap(namesIn)]
}

function usedIn(file: ts.SourceFile, checker: ts.TypeChecker): ReadonlySet<string> {
  const used = new Set<string>()
  const visit = (node: ts.Node): void => {
    const name = ts.isPropertyAccessExpression(node)
      ? node.name
      : ts.isCallExpression(node)
        ? node.expression
        : undefined
    const symbol = name === undefined ? undefined : checker.getSymbolAtLocation(name)
    if (symbol !== undefined) {
      for (const { parent } of original(symbol, checker).declarations ?? []) {
        used.add(ts.isInterfaceDeclaration(parent) ? `${parent.name.text}.${symbol.name}` : symbol.name)
      }
    }
    ts.forEachChild(node, visit)
  }
  visit(file)
  return used
}

function original(symbol: ts.Symbol, checker: ts.TypeChecker): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
}
