/** A row-major matrix times a vector, in 64-bit sums: four of them, since one alone waits for itself. */
export function multiplyVector(matrix: Float32Array, x: Float64Array): Float64Array {
  const columns = x.length;
  const out = new Float64Array(matrix.length / columns);
  const whole = columns & ~3;
  for (let row = 0, at = 0; row < out.length; row++, at += columns) {
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    let i = 0;
    for (; i < whole; i += 4) {
      a += matrix[at + i]! * x[i]!;
      b += matrix[at + i + 1]! * x[i + 1]!;
      c += matrix[at + i + 2]! * x[i + 2]!;
      d += matrix[at + i + 3]! * x[i + 3]!;
    }
    for (; i < columns; i++) a += matrix[at + i]! * x[i]!;
    out[row] = a + b + (c + d);
  }
  return out;
}
