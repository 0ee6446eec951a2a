export type { IngestStore, RecordSink, TextSink } from './batch-writer.js';
export { readBenchmarkFiles } from './benchmark/benchmark-files.js';
export {
  type BenchmarkBuild,
  type BenchmarkBuildOptions,
  buildBenchmarks,
} from './benchmark/build-benchmarks.js';
export type { ExchangeTexts } from './chunk-result.js';
export type { IngestErrorCode } from './error.js';
export type { Format, Ingested, Intervention, Row, RowContext } from './formats/format.js';
export { formatOfMapping, Mapping, parseMapping, readMappingFile } from './formats/mapping.js';
export { detectFormat, formatByName, formats } from './formats/registry.js';
export { type IngestOptions, ingestFiles } from './ingest-files.js';
export { type ReplayOptions, type ReplayReport, replayRecord } from './replay-record.js';
export type { IngestReport, IngestStatus } from './report.js';
export { type FileRow, openRowFile, type RowFile } from './row-file.js';
