/** Colours by their part in the page, so that paper, light and dark screens each have their own. */
export type Ink = 'ink' | 'soft' | 'line' | 'accent' | 'tint' | 'paper';

/** One thing drawn. Lengths in units of the drawing; y grows downwards. */
export type Shape =
  | {
      readonly kind: 'line';
      readonly points: readonly (readonly [number, number])[];
      readonly ink: Ink;
      readonly width: number;
      readonly dash?: readonly number[];
    }
  | {
      readonly kind: 'rect';
      readonly x: number;
      readonly y: number;
      readonly width: number;
      readonly height: number;
      readonly fill: Ink;
    }
  | {
      readonly kind: 'circle';
      readonly x: number;
      readonly y: number;
      readonly radius: number;
      readonly fill: Ink;
      readonly stroke: Ink;
    }
  | {
      readonly kind: 'text';
      /** Where the text starts, ends or has its middle; `y` is its base line. */
      readonly x: number;
      readonly y: number;
      readonly text: string;
      readonly size: number;
      readonly ink: Ink;
      readonly anchor: 'start' | 'middle' | 'end';
      readonly strong?: boolean;
      /** Lies over lines: what is behind it is covered. */
      readonly halo?: boolean;
    };

/** A picture that HTML shows as SVG and PDF as lines and text. */
export interface Drawing {
  readonly width: number;
  readonly height: number;
  /** What it shows, one sentence, for those who do not see it. */
  readonly label: string;
  readonly shapes: readonly Shape[];
}
