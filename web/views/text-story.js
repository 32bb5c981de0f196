import { html } from "preact";
import { frac, group, math, sub, sup } from "../ui/math.js";

const drawn = () => [
  math(sub("p", "i"), "=", frac(sup("e", [sub("z", "i"), "/", "T"]), ["∑", sup("e", [sub("z", "j"), "/", "T"])])),
];
const attention = () => [
  math(sub("a", "ts"), "=", "softmax", group(frac([sub("q", "t"), "·", sub("k", "s")], "√d")), ",  s≤t"),
  math(sub("y", "t"), "=", "∑", sub("a", "ts"), sub("v", "s")),
];
const rounded = () => [
  math(sub("q", "ts"), "=", "round", group(frac([sub("z", "ts"), "−", sub("c", "t")], "s"))),
  math("softmax", group(sub("z", "t"), "−", sub("c", "t")), "=", "softmax", group(sub("z", "t"))),
];
const divergence = () => [
  math("K L", group("p ∥", sub("p", "q")), "=", sub("E", "x∼p"), group("log", "p", group("x"), "−", "log", sub("p", "q"), group("x"))),
];

export const chapters = [
  {
    title: "1. One character at a time",
    body: html`<p>The network knows 65 characters. It reads a text and gives each of them a number, its logit: how well it would
        follow. Divided by the temperature <i>T</i> and sent through a softmax these are probabilities, and one character is drawn. Then
        it reads the text again, one character longer. Greedy draws nothing and always takes the largest.</p>
      <p>Both networks draw with the same random numbers. So as long as they give nearly the same probabilities they write the same
        text, and where they part, it was the rounding that did it.</p>`,
    formulas: [drawn],
    code: ["pyapp.nets.generate.Sampling", "pyapp.nets.generate.Writer"],
  },
  {
    title: "2. What it looks at",
    body: html`<p>In each of four blocks, four heads compare the newest character with all that came before, in a window of 128: a query
        with keys. The softmax turns the scores into shares of attention, which weigh what is read there. Choose a block and a head
        and point at characters: some heads look one place back, some at the last line break, some at the beginnings of words.</p>
      <p>Keys and values of earlier characters never change, for none of them sees what comes later. They are kept, so that a new
        character costs one row and not a whole window.</p>`,
    formulas: [attention],
    code: ["pyapp.core.attention.Attention", "pyapp.core.attention.Cache"],
  },
  {
    title: "3. The same in few bits",
    body: html`<p>Weights are rounded once. What flows between the layers is rounded to grids whose ranges were found beforehand, on text
        that the float network wrote: no other text is needed, and none has to ship. The attention scores are rounded too, and then the
        softmax can be one of the integer methods of the softmax pages.</p>
      <p>An exponential is what integers do worst, and scores are what they lose first: with 8 bits for everything, nothing is seen in
        the text; with 3 for the scores alone, words fall apart.</p>`,
    code: [
      "pyapp.quantized.transformer.quantize_gpt", "pyapp.quantized.attention_softmax.QuantizedSoftmax",
      "pyapp.quantized.calibration_text.own_text",
    ],
  },
  {
    title: "4. The shift gives words back",
    body: html`<p>Subtracting a number from a whole row of scores changes nothing in its softmax. But the grid has to reach from the lowest to
        the highest score of all rows, and rows lie in different places. Below the row’s maximum (“row-max”) every row ends at 0, no
        code is spent above it, and the same few bits reach further. Set 3 logit bits, and switch the shift on and off: the
        measurement below says how many nats that is worth, and at which bits.</p>`,
    formulas: [rounded],
    code: ["pyapp.softmax.shift.Shift"],
  },
  {
    title: "5. Where texts part is luck, what it costs is not",
    body: html`<p>One character that is drawn differently, and the rest of the text is another one: a late first difference is a good
        sign, but a different seed moves it. The loss needs no luck. Over text that the float network wrote, how much more the quantised
        network is surprised than the float one is, on average, the divergence between the two.</p>`,
    formulas: [divergence],
    code: ["pyapp.measure.own_text_loss.OwnTextLoss", "pyapp.pages.base.writing.first_difference"],
  },
];
