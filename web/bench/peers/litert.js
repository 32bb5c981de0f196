// LiteRT.js, the successor of TensorFlow Lite, on WebAssembly, one thread: https://www.npmjs.com/package/@litertjs/core
// Its package imports another one by name, which a worker cannot: pyapp/bench/peers.py makes that a path.
import "../one-thread.js";
import "../wasm-memory.js";
import { loadAndCompile, loadLiteRt, Tensor } from "./node_modules/@litertjs/core/dist/index.js";
import { contestant } from "../contestant.js";
import { FOLDER } from "../material.js";

const SIZES = ["32x784x128", "128x128x128", "256x256x256", "512x512x512"];

// It loads its WebAssembly by a function that workers made of modules have, but must not call.
self.importScripts = (address) => {
  const request = new XMLHttpRequest();
  request.open("GET", address, false);
  request.send();
  (0, eval)(request.responseText);
};

contestant(async () => {
  const folder = new URL("node_modules/@litertjs/core/wasm/", import.meta.url).href;
  self.Module = { locateFile: (name) => `${folder}${name}` };
  await loadLiteRt(folder, { threads: false });
  return {};
}, async (array) => {
  const heldOut = array("held-out").data;
  const works = {
    image: await running("image", heldOut.slice(0, 784), [1, 784]),
    batch: await running("batch", heldOut, [500, 784]),
  };
  for (const size of SIZES) {
    const { data, shape } = array(`${size}.x`);
    works[`product ${size}`] = await running(size, data, shape);
  }
  return () => works;
});

async function running(name, data, shape) {
  const model = await loadAndCompile(new URL(`${name}.tflite`, FOLDER).href, { accelerator: "wasm" });
  const input = new Tensor(data, shape);
  const run = async () => {
    const [output] = await model.run(input);
    const values = await output.data();
    output.delete();
    return values;
  };
  return { run, result: run };
}
