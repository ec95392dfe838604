declare module 'murmurhash3js-revisited' {
  const library: { readonly x86: { hash32(bytes: Uint8Array | readonly number[], seed?: number): number } }
  export default library
}
