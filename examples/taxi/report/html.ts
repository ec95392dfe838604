/** Text that is markup already. Only `html` makes it, so whatever else is inserted is escaped. */
export interface Markup {
  readonly markup: string
}

type Insertable = string | number | Markup | readonly Markup[]

/** Markup with every inserted text escaped, for elements and double-quoted attributes. */
export function html(parts: TemplateStringsArray, ...values: readonly Insertable[]): Markup {
  let markup = parts[0] ?? ''
  values.forEach((value, i) => {
    markup += insertable(value) + (parts[i + 1] ?? '')
  })
  return { markup }
}

/** JSON for a script element that holds data: no `<`, so nothing in it can end the element or open a comment. */
export function jsonForScript(value: unknown): Markup {
  return { markup: JSON.stringify(value).replaceAll('<', '\\u003c') }
}

/** Our own style or script, as it is: escaping would change what it means and what it hashes to. */
export function ownSource(source: string): Markup {
  return { markup: source }
}

function insertable(value: Insertable): string {
  if (typeof value === 'string') return escapeText(value)
  if (typeof value === 'number') return String(value)
  if ('markup' in value) return value.markup
  return value.map((item) => item.markup).join('')
}

function escapeText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}
