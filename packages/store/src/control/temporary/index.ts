/** Engines for the length of a test, a demonstration or a measurement: nothing that is kept. */
export { openTemporaryControlStore } from './pglite.js';
export { startTemporaryPostgres, type TemporaryPostgres } from './postgres.js';
