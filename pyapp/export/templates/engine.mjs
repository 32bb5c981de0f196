// Bitladder's engine for exported networks of dense layers: no dependencies. In a page: import { load, run } from "./this.mjs".
// `node this.mjs [file.json]` computes the ten inputs of the file's proof again and prints PARITY OK, or the first difference.
// Integer networks give the same integers as Bitladder's Python; others the same probabilities or rebuilt inputs, to within 1e-5.

/** The network in a parsed file, ready to run: codes as numbers, weights of float networks as real numbers. */
export function load(file) {
  const clamp = file.network.clamp ?? [0, Infinity]; // of hidden layers in floats: ReLU's, unless the file has others
  const layers = file.network.layers.map((layer, i) => {
    const [outputs, inputs] = layer.shape;
    const zero = layer.zero ? numbers(Int32Array, layer.zero) : null;
    const ends = i === file.network.layers.length - 1 ? [-Infinity, Infinity] : clamp;
    if (layer.bits === 32) {
      return { outputs, inputs, ends, weight: numbers(Float32Array, layer.weight), bias: numbers(Float32Array, layer.bias) };
    }
    const codes = unpack(numbers(Uint8Array, layer.weight), layer.bits, !layer.unsigned, outputs * inputs);
    const size = layer.size ?? inputs; // inputs of a row that share a scale; without it all rows share one
    const at = (row, column) => (layer.size ? row * Math.ceil(inputs / size) + Math.floor(column / size) : 0);
    if (!file.network.input) {
      const scale = numbers(Float32Array, layer.scale);
      const real = (code, k) => {
        const s = at(Math.floor(k / inputs), k % inputs);
        return Math.fround((code - (zero ? zero[s] : 0)) * scale[s]);
      };
      return { outputs, inputs, ends, weight: Float32Array.from(codes, real), bias: numbers(Float32Array, layer.bias) };
    }
    const [offset, m0, shift] = [numbers(Int32Array, layer.offset), numbers(Int32Array, layer.m0), numbers(Int8Array, layer.shift)];
    return { ...layer, outputs, inputs, codes, zero, offset, m0, shift, at, size };
  });
  return { layers, input: file.network.input, rounding: file.manifest.arithmetic.split(", ")[1]?.split(" ")[0] };
}

/** The codes of every layer, the logits and the probabilities for 784 numbers from 0 (paper) to 1 (ink), or for normalised signals. */
export function run(network, pixels) {
  const codes = [];
  let x = network.input ? Array.from(pixels, (value) => quantise(value, network.input)) : Array.from(pixels);
  for (const layer of network.layers) {
    x = network.input ? integers(layer, x, network.rounding) : reals(layer, x);
    if (network.input) codes.push(x);
  }
  const grid = network.layers.at(-1).output;
  const logits = grid ? x.map((code) => Math.fround((code - grid.zero) * Math.fround(grid.scale))) : x;
  const exp = logits.map((value) => Math.exp(value - Math.max(...logits)));
  const sum = exp.reduce((a, b) => a + b);
  return { codes, logits, probabilities: exp.map((value) => value / sum) };
}

const reals = ({ outputs, inputs, weight, bias, ends: [low, high] }, x) => Array.from({ length: outputs }, (_, row) => {
  let sum = bias[row];
  for (let i = 0; i < inputs; i += 1) sum += x[i] * weight[row * inputs + i];
  return Math.min(Math.max(sum, low), high);
});

/** Codes to codes: integer sums per group of inputs, scaled by fixed-point multipliers, rounded once and clamped. */
function integers({ outputs, inputs, size, codes, zero, offset, m0, shift, lowest, output, highest = output.high, at }, x, rounding) {
  const groups = Math.ceil(inputs / size);
  return Array.from({ length: outputs }, (_, row) => {
    let total = 0n;
    for (let g = 0; g < groups; g += 1) {
      let [sum, plain] = [offset[row * groups + g], 0];
      for (let i = g * size; i < Math.min(inputs, (g + 1) * size); i += 1) {
        sum += x[i] * codes[row * inputs + i];
        plain += x[i];
      }
      if (zero) sum -= zero[at(row, g * size)] * plain;
      total += BigInt(sum) * BigInt(m0[m0.length > groups ? row * groups + g : g]);
    }
    const exponent = shift[shift.length > 1 ? row : 0];
    const scaled = rounding === "double" ? twice(total, exponent) : (total + (1n << BigInt(30 - exponent))) >> BigInt(31 - exponent);
    return Math.min(Math.max(Number(scaled) + output.zero, lowest), highest);
  });
}

/** Rounded twice, as TensorFlow Lite does in 32 bits: the upper half of the doubled product, then the rest of the shift. */
function twice(total, exponent) {
  const high = ((total << BigInt(Math.max(exponent, 0))) + (1n << 30n)) >> 31n;
  const divisor = 1n << BigInt(Math.max(-exponent, 0));
  const half = high < 0n ? -divisor / 2n : divisor / 2n; // away from zero
  return (high + half) / divisor;
}

function quantise(value, { scale, zero, low, high }) {
  const steps = Math.fround(Math.fround(value) / Math.fround(scale));
  const floor = Math.floor(steps);
  const up = steps - floor > 0.5 || (steps - floor === 0.5 && floor % 2 !== 0); // half to even
  return Math.min(Math.max(floor + up + zero, low), high);
}

/** Computes the ten inputs of the file's proof again: {ok, difference (the largest), where (the first), fingerprint}. */
export function prove(file) {
  const network = load(file);
  const pixels = unrolled(numbers(Uint8Array, file.proof.pixels));
  const { one, count, zero, per } = file.manifest.inputs ?? { one: "digit", count: 784, zero: 0, per: 255 };
  const rebuilds = file.manifest.classes?.length === 0; // its logits are the inputs again
  const expected = numbers(network.input ? codeType(network.layers.at(-1).output) : Float32Array, file.proof.logits);
  const found = { difference: 0, where: "", fingerprint: "" };
  let hash = 0x811c9dc5;
  const largest = expected.reduce((a, b) => Math.max(a, Math.abs(b)), 1);
  for (let at = 0; at < pixels.length / count; at += 1) {
    const bytes = pixels.slice(at * count, (at + 1) * count);
    const { codes, logits, probabilities } = run(network, bytes.map((value) => Math.fround((value - zero) / Math.fround(per))));
    const row = Array.from(expected.slice(at * logits.length, (at + 1) * logits.length));
    const [ours, theirs, bound] = network.input ? [codes.at(-1), row, 0] : rebuilds ? [logits, row, 1e-5 * largest] : [probabilities, softmax(row), 1e-5];
    ours.forEach((value, i) => {
      const apart = Math.abs(value - theirs[i]);
      found.difference = Math.max(found.difference, apart);
      if (!(apart <= bound)) found.where ||= `${rebuilds ? "number" : "class"} ${i} of ${one} ${at}: expected ${theirs[i]}, found ${value}`;
    });
    for (const number of network.input ? codes.flat() : rebuilds ? bytes : [logits.indexOf(Math.max(...logits))]) hash = fnv(hash, number);
  }
  found.fingerprint = (hash >>> 0).toString(16).padStart(8, "0");
  if (found.fingerprint !== file.manifest.fingerprint) found.where ||= `fingerprint: expected ${file.manifest.fingerprint}, found ${found.fingerprint}`;
  return { ...found, ok: !found.where };
}

function softmax(logits) {
  const exp = logits.map((value) => Math.exp(value - Math.max(...logits)));
  const sum = exp.reduce((a, b) => a + b);
  return exp.map((value) => value / sum);
}

/** FNV-1a over the four bytes of an integer, the lowest first. */
const fnv = (hash, number) => [0, 8, 16, 24].reduce((h, bit) => Math.imul(h ^ ((number >> bit) & 255), 0x01000193), hash);

const codeType = ({ low, high }) => (low < 0 ? (high > 127 ? Int16Array : Int8Array) : high > 255 ? Uint16Array : Uint8Array);

const numbers = (Type, text) => new Type(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);

/** Codes of a few bits from a stream of bits, the lowest first. */
function unpack(bytes, bits, signed, count) {
  return Int32Array.from({ length: count }, (_, i) => {
    const bit = i * bits;
    const word = bytes[bit >> 3] | (bytes[(bit >> 3) + 1] << 8) | (bytes[(bit >> 3) + 2] << 16);
    const code = (word >> (bit & 7)) & ((1 << bits) - 1);
    return signed && code >> (bits - 1) ? code - (1 << bits) : code;
  });
}

/** Pixels from runs: how many zeros, how many others, those others, and so on. */
function unrolled(runs) {
  const pixels = [];
  for (let at = 0; at < runs.length; at += 2 + runs[at + 1]) {
    pixels.push(...new Array(runs[at]).fill(0), ...runs.slice(at + 2, at + 2 + runs[at + 1]));
  }
  return pixels;
}

const script = globalThis.process?.argv?.[1]; // run by Node
if (script && import.meta.url === (await import("node:url")).pathToFileURL(await (await import("node:fs/promises")).realpath(script)).href) {
  const { readFile } = await import("node:fs/promises");
  const { ok, difference, where, fingerprint } = prove(JSON.parse(await readFile(process.argv[2] ?? script.replace(/\.mjs$/, ".json"), "utf8")));
  console.log(ok ? `PARITY OK, largest difference ${difference}` : `PARITY FAILS at ${where}`);
  console.log(`fingerprint ${fingerprint}`);
  process.exitCode = ok ? 0 : 1;
}
