export { type MirrorReport, type MirrorSettings, mirrorCollection } from './mirror-collection.js';
export type { MirrorSource, MirrorTarget, SourcePage, TargetResult } from './mirror-ends.js';
export type { MirrorStateKeeper } from './mirror-state.js';
export { judgeSigner, type RelayVerdict } from './relay-verdict.js';
export { readRemote, writeRemote } from './remote-ends.js';
export { readStore, writeStore } from './store-ends.js';
