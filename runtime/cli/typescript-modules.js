// Module hooks: TypeScript outside node_modules is ES modules, also in a folder without a package.json or in a package
// that does not say "type": "module" (npm init writes "commonjs"). Otherwise a job would run or not depending on where
// its file lies. `.cts` stays CommonJS.

export async function resolve(specifier, context, next) {
  const found = await next(specifier, context)
  return isTypeScript(found.url) ? { ...found, format: 'module' } : found
}

export function load(url, context, next) {
  return next(url, isTypeScript(url) ? { ...context, format: 'module' } : context)
}

function isTypeScript(url) {
  return /^file:.*\.tsx?(\?|$)/.test(url) && !url.includes('/node_modules/')
}
