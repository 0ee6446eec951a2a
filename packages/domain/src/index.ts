export { Account, Declaration } from './account.js';
export * from './attribution-report.js';
export { Exchange, Message } from './exchange.js';
export * from './finding.js';
export type * from './response-reader.js';
export { signatureOf } from './signature.js';
export * from './sketch.js';
export type * from './telemetry.js';
