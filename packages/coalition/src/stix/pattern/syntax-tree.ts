/** One step of an object path: a property, an element of a list, or every element (`[*]`). */
export type PathStep =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'every' };

/** `type:step.step[0]` (STIX 2.1 section 9.7). */
export interface ObjectPath {
  readonly objectType: string;
  /** The first is always a key. */
  readonly steps: readonly PathStep[];
}

/** A constant of section 9.2. A timestamp keeps its text. */
export type Literal =
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'integer' | 'float'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'binary'; readonly value: Uint8Array }
  | { readonly kind: 'timestamp'; readonly value: string };

/** Comparison operators of section 9.6.1; `==` and `<>` of the published grammar are `=` and `!=`. */
export type ComparisonOperator =
  | '='
  | '!='
  | '>'
  | '<'
  | '>='
  | '<='
  | 'IN'
  | 'LIKE'
  | 'MATCHES'
  | 'ISSUBSET'
  | 'ISSUPERSET';

/** What stands inside square brackets: about one observed object (section 9.6). */
export type Comparison =
  | { readonly kind: 'and' | 'or'; readonly operands: readonly Comparison[] }
  | { readonly kind: 'exists'; readonly negated: boolean; readonly path: ObjectPath }
  | {
      readonly kind: 'test';
      readonly negated: boolean;
      readonly path: ObjectPath;
      readonly operator: ComparisonOperator;
      /** One constant, or those of a set for `IN`. */
      readonly operands: readonly Literal[];
    };

/** What stands outside: about several observations and their times (section 9.5). */
export type ObservationExpression =
  | { readonly kind: 'observation'; readonly comparison: Comparison }
  | { readonly kind: 'and' | 'or' | 'followed-by'; readonly operands: readonly ObservationExpression[] }
  | { readonly kind: 'within'; readonly seconds: number; readonly of: ObservationExpression }
  | { readonly kind: 'repeats'; readonly times: number; readonly of: ObservationExpression }
  | {
      readonly kind: 'start-stop';
      readonly start: string;
      readonly stop: string;
      readonly of: ObservationExpression;
    };
