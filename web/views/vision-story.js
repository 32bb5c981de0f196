import { html } from "preact";
import { frac, group, hat, math, sqrt, sub, sup, under, word } from "../ui/math.js";

const tokens = () => [
  math(sub("x", "0"), "=c+", sub("p", "0")),
  math(sub("x", "i"), "=", sub("u", "i"), sup("W", "⊤"), "+b+", sub("p", "i"), word("\u00a0for patch\u00a0"), sub("u", "i")),
];
const attention = () => [
  math("Z=", frac(["Q", sup("K", "⊤")], sqrt("d"))),
  math(sub("P", "ij"), "=", frac(sup("e", [sub("z", "ij"), "−", under("max", "k"), sub("z", "ik")]), [under("∑", "k"), sup("e", [sub("z", "ik"), "−", under("max", "k"), sub("z", "ik")])])),
  math("Y=P V"),
];
const block = () => [
  math("x", "←x+", word("attention"), group(word("norm"), group("x"))),
  math("x", "←x+", sub("W", "2"), word("\u00a0GELU"), group(sub("W", "1"), word("\u00a0norm"), group("x"))),
];
const gathered = () => [
  math("R=", sub(["A", "′"], "L"), "···", sub(["A", "′"], "1")),
  math(sub(["A", "′"], "l"), "=", frac("1", "2"), group(frac("1", "H"), under("∑", "h"), sub("A", "lh"), "+I")),
];
const codes = () => [
  math(sub("q", "ij"), "=", "clip", group("round", group(frac([sub("z", "ij"), "−", sub("c", "i")], "S")))),
  math(hat("P"), "=", word("integer\u00a0"), "softmax", group("q")),
];

export const chapters = [
  {
    title: "1. A drawing as a row of words",
    body: html`<p>A transformer knows rows of tokens and nothing of pictures. So the drawing is cut into patches, each patch
        is multiplied with one matrix, and a vector is added that says where it stood; without it the order of the patches would
        not matter at all. The class token <i>c</i> goes before them, a vector that was learnt.</p>
      <p>Nothing tells the network that neighbouring patches belong together. It has to find that out from the images, which is
        why 2,000 of them teach a network of your own less than 55,000 taught the shipped one.</p>`,
    formulas: [tokens],
    code: ["pyapp.nets.vit.patches_of", "pyapp.nets.vit.ViT"],
  },
  {
    title: "2. Who looks at whom",
    body: html`<p>Each token asks with a query, answers with a key, and gives a value. The logit <i>z</i> of two tokens is the
        product of query and key; the softmax makes a distribution of each row, and every token takes that mixture of the
        values. Four heads do so side by side, each with a quarter of the columns.</p>`,
    formulas: [attention],
    code: ["pyapp.core.attention.Attention", "pyapp.core.attention.float_softmax"],
  },
  {
    title: "3. Blocks, and what has been gathered through them",
    body: html`<p>A block adds what was attended to, then what a small network makes of each token by itself. After the first
        block a token is a mixture of others, so a map of a later layer says less than it seems to about pixels.</p>
      <p>The rollout multiplies the layers’ maps, half of each being the token itself, because a block adds to what was there.
        It is a summary, not an explanation: it takes no notice of what the values hold.</p>`,
    formulas: [block, gathered],
    code: ["pyapp.nets.transformer.Block", "pyapp.measure.rollout.rollout"],
  },
  {
    title: "4. Fewer bits, and where they hurt",
    body: html`<p>Weights get one scale a row, activations one grid each, found on 32 images that nothing else sees. The logits
        are rounded before the softmax, on one scale a layer, and the method of your choice turns the codes into probabilities.</p>
      <p>A softmax does not notice when a constant <i>c</i> is taken from a whole row; rounding does. With few bits the shift
        decides whether the largest logits of a row fall onto one code or onto several. Take the logits down to 3 and 2 bits and
        change the shift: the maps follow at once, the accuracy as far as it has been counted.</p>`,
    formulas: [codes],
    code: ["pyapp.quantized.attention_softmax.QuantizedSoftmax", "pyapp.softmax.shift.Shift", "pyapp.quantized.transformer.quantize_vit"],
  },
  {
    title: "5. What is counted",
    body: html`<p>Both networks read the same held-out images, ten at a time, so that your drawing never waits. After a change
        only the quantised network has to read them again. With n images counted, an accuracy near 99 % is uncertain by about
        10/√n points, so differences of tenths need all of them.</p>`,
    code: ["pyapp.pages.base.counting.Count"],
  },
];
