/** The page is our own, so an element that is missing is a bug and stops the script at once. */
export function byId<T extends Element = HTMLElement>(id: string): T {
  const element = document.getElementById(id)
  if (element === null) throw new Error(`no element #${id}`)
  return element as Element as T // the caller names the element's type as page.ts wrote it
}

type Attributes = Readonly<Record<string, string | number>>

export function svgElement(name: string, attributes: Attributes, text?: string): SVGElement {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value))
  if (text !== undefined) element.textContent = text
  return element
}

export function customProperty(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim()
}

export const prefersReducedMotion = (): boolean => matchMedia('(prefers-reduced-motion: reduce)').matches

export const grouped = (value: number): string => value.toLocaleString('en-US')

/** Calls back when the reader's system changes between light and dark. */
export function onThemeChange(redraw: () => void): void {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw)
}
