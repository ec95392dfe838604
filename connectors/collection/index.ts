export { collectInto } from './collect-into.js'
export { type CollectionOptions, collection } from './collection.js'
export { type GeneratorOptions, generator } from './generator.js'
export { type PrintOptions, type PrintTarget, print } from './print.js'
