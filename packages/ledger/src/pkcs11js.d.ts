/** Optional peer: built from source where it is installed, so that only whoever has a token needs a compiler. */
declare module 'pkcs11js' {
  const library: import('./pkcs11-module.js').Pkcs11Library;
  export default library;
}
