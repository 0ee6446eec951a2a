import type { Migration } from './migration.js';

/** What was used once: `src/control/nonces.ts`. A digest stands for scope and nonce: 16 bytes in place of up to 400. */
export const nonces: Migration = {
  number: 21,
  name: 'nonces',
  statements: [
    'CREATE TABLE nonces (digest bytea PRIMARY KEY, until_ms int8 NOT NULL)',
    'CREATE INDEX nonces_until ON nonces (until_ms)',
  ],
};
