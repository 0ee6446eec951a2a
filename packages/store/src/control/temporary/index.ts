/** Engines for the length of a test, a demonstration or a measurement: nothing that is kept. */

/** A connection to an engine without a store above it, to measure what the engine itself does. */
export { openPglite } from '../pglite.js';
export { openPostgres } from '../postgres.js';
export { openTemporaryControlStore } from './pglite.js';
export { startTemporaryPostgres, type TemporaryPostgres } from './postgres.js';
