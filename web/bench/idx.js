// MNIST's file format: two zeros, a type (8: unsigned bytes), the number of axes, big-endian sizes, then the data.

/** The images of an unpacked file as floats 0..1, one after the other. */
export function images(buffer) {
  return Float32Array.from(payload(buffer, 3), (ink) => ink / 255);
}

/** The labels of an unpacked file. */
export function labels(buffer) {
  return payload(buffer, 1);
}

function payload(buffer, axes) {
  const head = new DataView(buffer);
  if (head.getUint32(0) !== 0x0800 + axes) {
    throw new Error(`an IDX file starts with ${head.getUint32(0)}; expected ${0x0800 + axes} (${axes} axes of bytes)`);
  }
  return new Uint8Array(buffer, 4 + 4 * axes);
}
