/**
 * The names of a frame's entries that are not as they were, and of those that name one; drawing is dear, and most of a frame is as it
 * was. An array that is as it was becomes the very same object, for which nothing is computed or painted anew.
 */
export function news(frame, before) {
  const [found, named] = [new Set(frame.step === before.step ? [] : ["step"]), new Map()];
  for (const [name, array] of Object.entries(frame.arrays ?? {})) {
    if (same(array, before.arrays?.[name])) frame.arrays[name] = before.arrays[name];
    else found.add(name);
  }
  for (const [name, value] of Object.entries(frame.scalars ?? {})) {
    const text = JSON.stringify(value);
    named.set(name, mentions(text));
    if (text !== JSON.stringify(before.scalars?.[name])) found.add(name);
  }
  for (const kind of ["arrays", "scalars"]) Object.keys(before[kind] ?? {}).forEach((name) => name in (frame[kind] ?? {}) || found.add(name));
  for (let size = -1; size !== found.size; ) {
    size = found.size;
    for (const [name, others] of named) if (others.some((word) => found.has(word))) found.add(name);
  }
  return found;
}

/** All words of JSON that may name an entry: of its strings without a space, and of what its sentences have in braces. */
export const mentions = (json) => words(json.match(/"(?:[^"\\]|\\.)*"/g)?.flatMap((text) => (/\s/.test(text) ? words(text, /\{[^{}]+\}/g) : text)).join());
const words = (text = "", shape = /\w+/g) => text.match(shape) ?? [];

function same(array, before) {
  if (array === before || array.dtype !== before?.dtype || array.shape.join() !== before.shape.join()) return array === before;
  const [bytes, others] = [array, before].map(({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)); // NaN, too
  for (let i = 0; i < bytes.length; i += 1) if (bytes[i] !== others[i]) return false;
  return true;
}
