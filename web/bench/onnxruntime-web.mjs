// ONNX Runtime's WebAssembly in Node, for `python -m pyapp frameworks`. FOLDER is where npm installed onnxruntime-web.
//
//   node onnxruntime-web.mjs version FOLDER
//   node onnxruntime-web.mjs run FOLDER MODEL INPUTS OUTPUTS     float32 files: (N, 784) is read, (N, 10) is written
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const [what, folder, model, inputs, outputs] = process.argv.slice(2);
try {
  const root = resolve(folder, "node_modules", "onnxruntime-web");
  const found = JSON.parse(readFileSync(resolve(root, "package.json"), "utf8"));
  if (what === "version") console.log(found.version);
  else {
    const ort = createRequire(`${root}/`)(resolve(root, "dist", "ort.node.min.js"));
    ort.env.wasm.numThreads = 1;
    const settings = { executionProviders: ["wasm"], graphOptimizationLevel: "all" };
    const session = await ort.InferenceSession.create(readFileSync(model), settings);
    const bytes = readFileSync(inputs);
    const x = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    const { logits } = await session.run({ pixels: new ort.Tensor("float32", x, [x.length / 784, 784]) });
    writeFileSync(outputs, Buffer.from(logits.data.buffer, logits.data.byteOffset, logits.data.byteLength));
  }
} catch (error) {
  console.error(String(error.message).split("\n")[0]);
  process.exit(1);
}
