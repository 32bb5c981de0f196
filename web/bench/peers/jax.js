// jax-js on WebAssembly: https://www.npmjs.com/package/@jax-js/jax
import "../one-thread.js";
import "../wasm-memory.js";
import { defaultDevice, init, jit, nn, numpy as np, valueAndGrad } from "./node_modules/@jax-js/jax/dist/index.js";
import { contestant } from "../contestant.js";
import { layers } from "../material.js";

const [BATCH, RATE, CLASSES] = [32, 0.1, 10];

contestant(async () => {
  await init("wasm");
  defaultDevice("wasm");
  return {};
}, (array) => {
  // x → W₁ → ReLU → W₂ → ReLU → W₃, with weights as (inputs, outputs), the order that jax is fastest in
  const logits = ({ w0, b0, w1, b1, w2, b2 }, x) => {
    const hidden = nn.relu(np.matmul(nn.relu(np.matmul(x, w0).add(b0)), w1).add(b1));
    return np.matmul(hidden, w2).add(b2);
  };
  const loss = (p, x, y) => np.mean(nn.logSoftmax(logits(p, x)).mul(y).sum(-1)).mul(-1);
  const step = jit((p, x, y) => {
    const [value, gradients] = valueAndGrad(loss)(kept(p), x, y);
    return [value, Object.fromEntries(Object.keys(p).map((name) => [name, p[name].add(gradients[name].mul(-RATE))]))];
  });
  const forward = jit(logits);

  const trained = parameters(layers(array, "shipped"));
  const start = parameters(layers(array, "start"));
  const images = array("images");
  const labels = array("labels").data;
  const batches = [];
  for (let from = 0; from < labels.length; from += BATCH) {
    const to = Math.min(from + BATCH, labels.length);
    const wanted = new Float32Array((to - from) * CLASSES);
    for (let i = from; i < to; i++) wanted[(i - from) * CLASSES + labels[i]] = 1;
    batches.push([np.array(images.data.slice(from * 784, to * 784)).reshape([to - from, 784]),
      np.array(wanted).reshape([to - from, CLASSES])]);
  }
  const heldOut = array("held-out").data;
  const one = np.array(heldOut.slice(0, 784)).reshape([1, 784]);
  const many = np.array(heldOut.slice()).reshape([500, 784]);
  const predict = (p, x) => forward(kept(p), x.ref).data();

  let p = kept(start);
  const works = {
    epoch: {
      reset: () => {
        Object.values(p).forEach((each) => each.dispose());
        p = kept(start);
      },
      run: async () => {
        for (const [x, y] of batches) {
          let value;
          [value, p] = step(p, x.ref, y.ref);
          value.dispose();
        }
        await p.b2.ref.data(); // until all of it is computed
      },
      result: () => predict(p, many),
    },
    image: computing(() => predict(trained, one)),
    batch: computing(() => predict(trained, many)),
  };
  const multiply = jit((x, w) => np.matmul(x, w));
  for (const size of ["32x784x128", "128x128x128", "256x256x256", "512x512x512"]) {
    const x = matrix(array(`${size}.x`));
    const w = transposed(array(`${size}.w`));
    works[`product ${size}`] = computing(() => multiply(x.ref, w.ref).data());
  }
  return () => works;
});

function matrix({ shape, data }) {
  return np.array(data.slice()).reshape(shape);
}

/** (outputs, inputs) as (inputs, outputs), in memory too. */
function transposed({ shape: [rows, columns], data }) {
  const turned = new Float32Array(data.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) turned[j * rows + i] = data[i * columns + j];
  return np.array(turned).reshape([columns, rows]);
}

function parameters(list) {
  return Object.fromEntries(list.flatMap(({ w, b }, i) => [[`w${i}`, transposed(w)], [`b${i}`, np.array(b.data.slice())]]));
}

/** jax-js takes away what a function is given, unless it is a further reference. */
function kept(p) {
  return Object.fromEntries(Object.entries(p).map(([name, each]) => [name, each.ref]));
}

function computing(run) {
  return { run, result: run };
}
