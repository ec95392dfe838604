export { type FromObservableOptions, fromObservable } from './from-observable.js'
export { toObserver } from './to-observer.js'
