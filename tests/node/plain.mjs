// Runs web/bench/plain.js on given numbers, so that a test can hold it against pyapp.
// stdin:  {"weights": [{"w", "b"}...], "images", "labels", "batch", "rate"}; float32 arrays as base64, labels a list.
// stdout: {"losses", "weights", "probabilities"}: each batch's loss of one epoch in the given order, the weights after
//         it, and then the first image's probabilities.
import { Mlp } from "../../web/bench/plain.js";

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const { weights, images, labels, batch, rate } = JSON.parse(Buffer.concat(chunks));

const model = new Mlp();
model.weights = weights.map(({ w, b }) => ({ w: floats(w), b: floats(b) }));
const x = floats(images);
const losses = model.epoch(x, Uint8Array.from(labels), batch, rate);
const probabilities = Array.from(model.predict(x.subarray(0, 784)));
const after = model.weights.map(({ w, b }) => ({ w: base64(w), b: base64(b) }));
process.stdout.write(JSON.stringify({ losses, weights: after, probabilities }));

function floats(text) {
  const bytes = Buffer.from(text, "base64");
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

function base64(array) {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString("base64");
}
