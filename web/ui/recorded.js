import { json } from "../modules.js";
import { TYPES } from "../rpc.js";

/**
 * The frames of a page that CPython recorded, to be shown until Python is here; pyapp/recorded.py says what the file holds.
 * Resolves to frame(params): a frame, with what is `read` of the digit that a pad opens with, or null for parameters that were not recorded.
 */
export async function recorded(meta) {
  const none = { by: [], frames: {} }; // Python will be here all the same
  const { by, frames } = await json(`recorded/${meta.name}.json`).catch(() => none);
  const plain = (params, { name, default: usual }) => by.includes(name) || String(params[name]) === String(usual);
  const made = {};
  return (params) => {
    const key = by.map((name) => params[name]).join();
    if (!Object.hasOwn(frames, key) || !meta.params.every((param) => plain(params, param))) return null;
    const { arrays, history, read, ...frame } = frames[key];
    return (made[key] ??= { ...frame, arrays: all(arrays), read: read && { ...read, arrays: all(read.arrays) }, curves: all(history, (points) => all(points)) });
  };
}

const all = (arrays, change = unpacked) => Object.fromEntries(Object.entries(arrays).map(([name, value]) => [name, change(value)]));

function unpacked({ shape, dtype, palette, values }) {
  const data = numbers(values, palette ? "uint8" : dtype);
  const colours = palette && numbers(palette, dtype);
  return { shape, dtype, data: colours ? TYPES[dtype].from(data, (i) => colours[i]) : data };
}

const numbers = (base64, dtype) => new TYPES[dtype](Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)).buffer);
