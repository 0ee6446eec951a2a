import { type ExtensionType, SHA256 } from './extension-type.js';

/** Which version an object replaces. Under the signature, so that a chain of versions has one order and no fork. */
export const PREVIOUS_VERSION: ExtensionType = {
  id: 'extension-definition--ba3cad8a-cabe-4b61-a6a4-35d20586b763',
  kind: 'property-extension',
  name: 'previous-version',
  description: 'SHA-256 of the RFC 8785 form, without signature, of the version that this one replaces',
  properties: { digest: SHA256 },
  required: ['digest'],
};
