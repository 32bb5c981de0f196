// ONNX Runtime Web on WebAssembly, one thread: https://www.npmjs.com/package/onnxruntime-web
// Settings: { simd: "relaxed" } or nothing. `how` is { model: "float", "dynamic" or "qdq" }, of pyapp/bench/models.py.
import "../one-thread.js";
import "../wasm-memory.js";
import * as ort from "./node_modules/onnxruntime-web/dist/ort.wasm.bundle.min.mjs";
import { contestant } from "../contestant.js";
import { fetched } from "../material.js";

const SIZES = ["32x784x128", "128x128x128", "256x256x256", "512x512x512"];

contestant(async ({ simd }) => {
  ort.env.wasm.wasmPaths = new URL("node_modules/onnxruntime-web/dist/", import.meta.url).href;
  ort.env.wasm.numThreads = 1;
  if (simd) ort.env.wasm.simd = simd;
  await ort.InferenceSession.create(await fetched("128x128x128.float.onnx")); // starts its WebAssembly
  return { version: ort.env.versions.web };
}, async (array) => {
  const kinds = {};
  const images = (n) => new ort.Tensor("float32", array("held-out").data.slice(0, n * 784), [n, 784]);
  for (const model of ["float", "dynamic", "qdq"]) {
    const open = async (name) => ort.InferenceSession.create(await fetched(`${name}.${model}.onnx`));
    const mlp = await open("mlp");
    kinds[model] = { image: running(mlp, images(1)), batch: running(mlp, images(500)) };
    for (const size of SIZES) {
      const { shape, data } = array(`${size}.x`);
      kinds[model][`product ${size}`] = running(await open(size), new ort.Tensor("float32", data.slice(), shape));
    }
  }
  return ({ model }) => kinds[model];
});

function running(session, pixels) {
  const run = async () => (await session.run({ pixels })).logits.data;
  return { run, result: run };
}
