/** The public face of `tidemark/patterns`: what people would else build by hand on keyed state. */
export { type Deduplicated, type DeduplicateOptions, deduplicate } from './deduplicate.js'
