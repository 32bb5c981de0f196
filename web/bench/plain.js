// The digits network written the way one writes it in JavaScript without a library: typed arrays, one sample at a
// time, plain loops. It is the yardstick of `python -m pyapp bench`, so it is neither tuned nor slowed down:
// nothing is allocated inside a loop, every inner loop walks memory in order, and there are no tricks beyond that.

export const SIZES = [784, 128, 64, 10];

// Weights come and go as pyapp's Linear layers hold them, [{ w, b }] with y = x Wᵀ + b: w is W (outputs, inputs) row
// by row, so that a unit's weights lie side by side and its dot product is one run through memory.
class Layer {
  constructor(inputs, outputs, random) {
    this.inputs = inputs;
    this.outputs = outputs;
    const spread = Math.sqrt(2 / inputs); // He et al. 2015: keeps the variance through a ReLU
    this.w = Float32Array.from({ length: inputs * outputs }, () => spread * normal(random));
    this.b = new Float32Array(outputs);
    this.gradW = new Float32Array(inputs * outputs);
    this.gradB = new Float32Array(outputs);
    this.out = new Float32Array(outputs);
    this.delta = new Float32Array(outputs); // d loss / d (x Wᵀ + b) of one sample
  }

  forward(x, relu) {
    const { inputs, outputs, w, b, out } = this;
    for (let j = 0; j < outputs; j++) {
      const row = j * inputs;
      let sum = b[j];
      for (let i = 0; i < inputs; i++) sum += w[row + i] * x[i];
      out[j] = relu && sum < 0 ? 0 : sum;
    }
    return out;
  }

  // Adds this sample's gradients to the batch's.
  accumulate(x) {
    const { inputs, outputs, gradW, gradB, delta } = this;
    for (let j = 0; j < outputs; j++) {
      const row = j * inputs;
      const d = delta[j];
      gradB[j] += d;
      for (let i = 0; i < inputs; i++) gradW[row + i] += d * x[i];
    }
  }

  // The delta of the layer below, through its ReLU.
  backward(below) {
    const { inputs, outputs, w, delta } = this;
    const { out, delta: deltaBelow } = below;
    deltaBelow.fill(0);
    for (let j = 0; j < outputs; j++) {
      const row = j * inputs;
      const d = delta[j];
      for (let i = 0; i < inputs; i++) deltaBelow[i] += d * w[row + i];
    }
    for (let i = 0; i < inputs; i++) if (out[i] <= 0) deltaBelow[i] = 0;
  }

  update(rate) {
    const { w, b, gradW, gradB } = this;
    for (let i = 0; i < w.length; i++) w[i] -= rate * gradW[i];
    for (let j = 0; j < b.length; j++) b[j] -= rate * gradB[j];
    gradW.fill(0);
    gradB.fill(0);
  }
}

export class Mlp {
  constructor(seed = 1) {
    const random = mulberry32(seed);
    this.layers = SIZES.slice(1).map((outputs, i) => new Layer(SIZES[i], outputs, random));
    this.probabilities = new Float32Array(SIZES.at(-1));
  }

  get weights() {
    return this.layers.map(({ w, b }) => ({ w: w.slice(), b: b.slice() }));
  }

  set weights(list) {
    this.layers.forEach((layer, n) => {
      const { inputs, outputs } = layer;
      const { w, b } = list[n];
      if (w.length !== inputs * outputs || b.length !== outputs) {
        throw new Error(`layer ${n} has ${w.length} weights and ${b.length} biases; expected ${outputs} x ${inputs} `
          + `and ${outputs}`);
      }
      layer.w.set(w);
      layer.b.set(b);
    });
  }

  // image: 784 values 0..1. The returned logits are overwritten by the next call.
  logits(image) {
    const last = this.layers.length - 1;
    let x = image;
    this.layers.forEach((layer, n) => { x = layer.forward(x, n < last); });
    return x;
  }

  // The same for probabilities.
  predict(image) {
    return softmax(this.logits(image), this.probabilities);
  }

  // One pass over the images in their order, by mini-batch SGD; returns each batch's mean cross-entropy.
  epoch(images, labels, batch = 32, rate = 0.1) {
    const losses = [];
    for (let start = 0; start < labels.length; start += batch) {
      losses.push(this.step(images, labels, start, Math.min(start + batch, labels.length), rate));
    }
    return losses;
  }

  step(images, labels, start, end, rate) {
    const { layers } = this;
    const top = layers.at(-1);
    let loss = 0;
    for (let n = start; n < end; n++) {
      const image = row(images, n);
      const p = this.predict(image);
      loss -= Math.log(Math.max(p[labels[n]], 1e-30));
      top.delta.set(p); // softmax and cross-entropy together: p - onehot(label)
      top.delta[labels[n]] -= 1;
      for (let k = layers.length - 1; k > 0; k--) {
        layers[k].accumulate(layers[k - 1].out);
        layers[k].backward(layers[k - 1]);
      }
      layers[0].accumulate(image);
    }
    for (const layer of layers) layer.update(rate / (end - start));
    return loss / (end - start);
  }
}

// x Wᵀ for x (m, k) and W (n, k), row by row: a dot product is one run through the memory of both.
export function product(x, w, m, k, n) {
  const out = new Float32Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let l = 0, a = i * k, b = j * k; l < k; l++) sum += x[a + l] * w[b + l];
      out[i * n + j] = sum;
    }
  }
  return out;
}

function row(images, n) {
  return images.subarray(n * SIZES[0], (n + 1) * SIZES[0]);
}

function softmax(logits, out) {
  let largest = -Infinity;
  for (let j = 0; j < logits.length; j++) largest = Math.max(largest, logits[j]);
  let sum = 0;
  for (let j = 0; j < logits.length; j++) {
    out[j] = Math.exp(logits[j] - largest);
    sum += out[j];
  }
  for (let j = 0; j < logits.length; j++) out[j] /= sum;
  return out;
}

// Box and Muller 1958.
function normal(random) {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

// A seeded uniform generator in [0, 1) (Tommy Ettinger's mulberry32, public domain): Math.random cannot be seeded.
function mulberry32(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
