/** Optional peer: what is used of @huggingface/transformers 4.3.1. It is large, and only who generates with it has it. */
declare module '@huggingface/transformers' {
  export class LogitsProcessor {
    constructor();
  }
}
