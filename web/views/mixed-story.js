import { html } from "preact";
import { group, math, sub, subsup, under, word } from "../ui/math.js";

const kl = () => sub("D", "KL");

export const chapters = [
  {
    title: "1. Which layer suffers",
    body: html`<p>One layer after another is quantised with 2, 3, 4, 5, 6 and 8 bits while the others stay float, and the
        probabilities on the calibration split are compared with the float network’s. The mean Kullback–Leibler divergence
        says how far they moved. It is never negative and sees every image, where accuracy sees only the few that change
        sides, and the loss may even fall by chance.</p>
      <p>GPTQ fits a layer’s codes to what the layers before it really give, so its codes come from a network whose layers
        all have these bits; then each layer is put alone into the float network.</p>`,
    formulas: [
      () => [
        math(sub("s", "l"), group("b"), "=", kl(), group("p", word(" ‖ "), subsup("p", "l", "b")), "=", under("∑", "j"), sub("p", "j"), "log", group(sub("p", "j"), "/", subsup("p", "lj", "b"))),
      ],
    ],
    code: ["pyapp.quantized.sensitivity.sensitivities", "pyapp.quantized.sensitivity.divergence"],
  },
  {
    title: "2. Bits under a budget",
    body: html`<p>Each layer takes one width, bytes add up, and for the moment the divergences are taken to add up too. With
        three layers and six widths there are 216 choices; for many layers one keeps only what nothing beats, layer by layer,
        because a beaten beginning can be no part of the best whole. That is exact here. A greedy search, which keeps lowering
        the layer that loses the least a saved byte, is what one does with hundreds of layers.</p>
      <p>The first layer has nine tenths of the weights. Its bits decide the size, and the front falls into clusters, one for
        each of them; bits for the last layer cost 80 bytes each and are nearly free.</p>`,
    formulas: [
      () => [math("min", under("∑", "l"), sub("s", "l"), group(sub("b", "l")), word("  where  "), under("∑", "l"), word("bytes"), group(sub("b", "l")), "≤", word("budget"))],
    ],
    code: ["pyapp.quant.mixed.pareto", "pyapp.quant.mixed.allocate"],
  },
  {
    title: "3. Sensitivities do not add",
    body: html`<p>In the whole network a layer gets inputs that are already a little wrong. Errors may cancel, or push together
        over an edge, and GPTQ makes up for some of them. So a sum ranks choices, and is no promise: every network of the front
        is quantised as a whole and measured, the chosen one first.</p>
      <p>Bits are chosen on 1,024 of the shipped training images, the calibration split, which also gave GPTQ its inputs. The
        3,000 held-out digits only judge. The budget counts everything: packed codes, scales, zero points, biases, and the
        grids of the activations.</p>`,
    code: ["pyapp.quantized.mixing.Search", "pyapp.measure.verification.Verification"],
  },
];
