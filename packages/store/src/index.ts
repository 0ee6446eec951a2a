export { type AccountDayKeys, openAccountDayKeys } from './account-day-keys.js';
export type { StoreErrorCode } from './errors.js';
export { openKeyFile, openSketchKey } from './keys.js';
export type { ExchangeText } from './packed-texts.js';
export { ExchangeBlock } from './telemetry/exchange-block.js';
export { openTelemetryStore, type TelemetryStoreOptions } from './telemetry/open.js';
export type { AccountRow, FindingRow, IngestProgress } from './telemetry/telemetry-rows.js';
export type { TelemetryStore } from './telemetry/telemetry-store.js';
export { openTextVault, type TextRow, type TextVault } from './text-vault.js';
