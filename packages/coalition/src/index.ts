export type { CoalitionErrorCode } from './coalition-error.js';
