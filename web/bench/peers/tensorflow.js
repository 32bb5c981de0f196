// TensorFlow.js on WebAssembly with SIMD, one thread: https://www.npmjs.com/package/@tensorflow/tfjs-backend-wasm
import "../one-thread.js";
import "../wasm-memory.js";
import "./node_modules/@tensorflow/tfjs/dist/tf.min.js";
import "./node_modules/@tensorflow/tfjs-backend-wasm/dist/tf-backend-wasm.min.js";
import { contestant } from "../contestant.js";
import { layers } from "../material.js";

const { tf } = self;
const [BATCH, RATE, CLASSES] = [32, 0.1, 10];

contestant(async () => {
  tf.wasm.setWasmPaths(new URL("node_modules/@tensorflow/tfjs-backend-wasm/dist/", import.meta.url).href);
  tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  await tf.setBackend("wasm");
  await tf.ready();
  return { version: tf.version.tfjs };
}, (array) => {
  const forward = (p, x) => tf.tidy(() => p.reduce((rows, { w, b }, i) => {
    const sums = rows.matMul(w).add(b); // its fused product gave other numbers
    return i < p.length - 1 ? sums.relu() : sums;
  }, x));
  const start = parameters(layers(array, "start"), (values) => values);
  const learner = parameters(layers(array, "start"), (values) => tf.variable(values));
  const trained = parameters(layers(array, "shipped"), (values) => values);
  const optimiser = tf.train.sgd(RATE);
  const images = matrix(array("images"));
  const labels = array("labels").data;
  const batches = [];
  for (let from = 0; from < labels.length; from += BATCH) {
    const size = Math.min(BATCH, labels.length - from);
    const wanted = tf.oneHot(tf.tensor1d(Int32Array.from(labels.subarray(from, from + size)), "int32"), CLASSES);
    batches.push([images.slice([from, 0], [size, 784]), wanted.toFloat()]);
  }
  const many = matrix(array("held-out"));
  const one = many.slice([0, 0], [1, 784]);
  const predict = async (p, x) => {
    const logits = forward(p, x);
    const values = await logits.data();
    logits.dispose();
    return values;
  };
  const works = {
    epoch: {
      reset: () => learner.forEach(({ w, b }, i) => {
        w.assign(start[i].w);
        b.assign(start[i].b);
      }),
      run: async () => {
        for (const [x, y] of batches) {
          optimiser.minimize(() => tf.losses.softmaxCrossEntropy(y, forward(learner, x)));
        }
        await learner[0].b.data(); // until all of it is computed
      },
      result: () => predict(learner, many),
    },
    image: computing(() => predict(trained, one)),
    batch: computing(() => predict(trained, many)),
  };
  for (const size of ["32x784x128", "128x128x128", "256x256x256", "512x512x512"]) {
    const [x, w] = [matrix(array(`${size}.x`)), matrix(array(`${size}.w`)).transpose()];
    works[`product ${size}`] = computing(async () => {
      const found = tf.matMul(x, w);
      const values = await found.data();
      found.dispose();
      return values;
    });
  }
  return () => works;
});

function matrix({ shape, data }) {
  return tf.tensor2d(data, shape);
}

function parameters(list, wrapped) {
  return list.map(({ w, b }) => ({ w: wrapped(matrix(w).transpose()), b: wrapped(tf.tensor1d(b.data)) }));
}

function computing(run) {
  return { run, result: run };
}
