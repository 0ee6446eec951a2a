export type { CliErrorCode, ExitCode } from './cli-error.js';
export { loadConfig, printConfig } from './config.js';
export { type TextLayout, writeFinding, writeReport, writeTimeline } from './finding-text.js';
export { runCli } from './program.js';
export { renderReportPage } from './report-page/page.js';
export { type Config, SETTINGS, type SettingKey } from './setting.js';
export { compareReports, type ShadowComparison } from './shadow-comparison.js';
export type { Terminal } from './terminal.js';
export { compareWithTruth, type TruthComparison } from './truth-comparison.js';
