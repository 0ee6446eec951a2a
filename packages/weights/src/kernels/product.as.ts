// Inner products of the rows of two tiles, and the best partner of each row. Every product is summed in one order whatever the
// place of its rows in the tile, so that equal rows have equal products: ties are seen.

/** Rows of a tile. */
export const ROWS: u32 = 256;
/** Numbers of a row in one call; longer rows are added up over calls. */
export const WIDTH: u32 = 1024;
/** In: tiles of 32-bit floats, `width` apart. */
export const LEFT: usize = 1024;
export const RIGHT: usize = LEFT + (<usize>ROWS * <usize>WIDTH * 4);
/** Out: products, ROWS apart. */
export const PRODUCTS: usize = RIGHT + (<usize>ROWS * <usize>WIDTH * 4);
/** In and out, one a row of the left tile: largest product so far, and its partner; -1 for none, -2 for several. */
export const BEST: usize = PRODUCTS + (<usize>ROWS * <usize>ROWS * 4);
export const PARTNER: usize = BEST + (<usize>ROWS * 4);
/** First byte not used. */
export const END: usize = PARTNER + (<usize>ROWS * 4);

// @ts-ignore: decorator
@inline
function sumLanes(x: v128): f32 {
  return (
    f32x4.extract_lane(x, 0) +
    f32x4.extract_lane(x, 1) +
    (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3))
  );
}

// @ts-ignore: decorator
@inline
function put(at: usize, value: f32, add: bool): void {
  store<f32>(at, add ? load<f32>(at) + value : value);
}

/**
 * PRODUCTS = LEFT x RIGHT transposed, or its sum with what is there. `left` is even, `right` and `width` are multiples of four; what is
 * beyond the rows that are meant is zero.
 */
export function multiply(left: u32, right: u32, width: u32, add: bool): void {
  const stride = <usize>width << 2;
  for (let i: u32 = 0; i < left; i += 2) {
    const a0 = LEFT + <usize>i * stride;
    const a1 = a0 + stride;
    const out0 = PRODUCTS + ((<usize>i * <usize>ROWS) << 2);
    const out1 = out0 + (<usize>ROWS << 2);
    for (let j: u32 = 0; j < right; j += 4) {
      const b0 = RIGHT + <usize>j * stride;
      const b1 = b0 + stride;
      const b2 = b1 + stride;
      const b3 = b2 + stride;
      let s00 = f32x4.splat(0);
      let s01 = f32x4.splat(0);
      let s02 = f32x4.splat(0);
      let s03 = f32x4.splat(0);
      let s10 = f32x4.splat(0);
      let s11 = f32x4.splat(0);
      let s12 = f32x4.splat(0);
      let s13 = f32x4.splat(0);
      for (let k: usize = 0; k < stride; k += 16) {
        const x0 = v128.load(a0 + k);
        const x1 = v128.load(a1 + k);
        let y = v128.load(b0 + k);
        s00 = f32x4.add(s00, f32x4.mul(x0, y));
        s10 = f32x4.add(s10, f32x4.mul(x1, y));
        y = v128.load(b1 + k);
        s01 = f32x4.add(s01, f32x4.mul(x0, y));
        s11 = f32x4.add(s11, f32x4.mul(x1, y));
        y = v128.load(b2 + k);
        s02 = f32x4.add(s02, f32x4.mul(x0, y));
        s12 = f32x4.add(s12, f32x4.mul(x1, y));
        y = v128.load(b3 + k);
        s03 = f32x4.add(s03, f32x4.mul(x0, y));
        s13 = f32x4.add(s13, f32x4.mul(x1, y));
      }
      const at = <usize>j << 2;
      put(out0 + at, sumLanes(s00), add);
      put(out0 + at + 4, sumLanes(s01), add);
      put(out0 + at + 8, sumLanes(s02), add);
      put(out0 + at + 12, sumLanes(s03), add);
      put(out1 + at, sumLanes(s10), add);
      put(out1 + at + 4, sumLanes(s11), add);
      put(out1 + at + 8, sumLanes(s12), add);
      put(out1 + at + 12, sumLanes(s13), add);
    }
  }
}

/** Takes the products of `right` partners, numbered from `first`, into BEST and PARTNER. A product that is no number is nobody's. */
export function scan(left: u32, right: u32, first: i32, absolute: bool): void {
  for (let i: u32 = 0; i < left; i++) {
    const at = <usize>i << 2;
    let best = load<f32>(BEST + at);
    let partner = load<i32>(PARTNER + at);
    const row = PRODUCTS + ((<usize>i * <usize>ROWS) << 2);
    for (let j: u32 = 0; j < right; j++) {
      let value = load<f32>(row + (<usize>j << 2));
      if (absolute) value = abs(value);
      if (value > best) {
        best = value;
        partner = first + <i32>j;
      } else if (value == best) partner = -2;
    }
    store<f32>(BEST + at, best);
    store<i32>(PARTNER + at, partner);
  }
}
