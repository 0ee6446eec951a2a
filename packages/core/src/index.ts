export { concatBytes, fromBase64, fromHex, fromUtf8, toBase64, toHex, utf8 } from './bytes.js';
export { type CanonicalJsonErrorCode, canonicalJson, type Json } from './canonical-json.js';
export { CharacterClass, classOf, isLetter, SCRIPT_NAMES } from './character-class.js';
export { type Clock, DAY_MS, HOUR_MS, LAST_MS, MINUTE_MS, systemClock } from './clock.js';
export { PhalanxError, type PhalanxErrorOptions } from './error.js';
export { escapeHtml, type HtmlValue, html, type Markup, readMarkup, trustMarkup } from './html.js';
export { type HtmlPage, renderHtmlPage } from './html-page.js';
export { readBody } from './http-body.js';
export {
  type AnsweredRequest,
  type Connection,
  type ConnectionHandler,
  type Listener,
  type ListenerSettings,
  type ListenerTls,
  listen,
} from './http-listener.js';
export { answerJson, answerProblem } from './json-answer.js';
export { type Repairs, repairText } from './repaired-text.js';
export { type SealedBox, seal, unseal } from './sealed-box.js';
export { shortenText, showInvisible, spellOut } from './visible-text.js';
export { openWasm, WASM_PAGE_BYTES, type WasmConstant } from './wasm-kernel.js';
