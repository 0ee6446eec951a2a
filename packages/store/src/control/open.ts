import { ControlStore } from './control-store.js';
import { openPglite } from './pglite.js';
import { openPostgres } from './postgres.js';

/** Where the control store lies: in a directory of this machine, or in a PostgreSQL server. */
export type ControlStoreOptions = { readonly dataDir: string } | { readonly url: string };

/**
 * Opens the control store and brings its schema up to date.
 *
 * @throws PhalanxError `STORE_LOCKED`, `STORE_UNAVAILABLE` (retryable), `STORE_ARGUMENT` for a URL that is none or that the server
 *   refuses, `STORE_SCHEMA_NEWER`, `STORE_SCHEMA_EDITED`
 */
export async function openControlStore(options: ControlStoreOptions): Promise<ControlStore> {
  return ControlStore.open('url' in options ? openPostgres(options.url) : await openPglite(options.dataDir));
}
