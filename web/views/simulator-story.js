import { html } from "preact";
import { abs, frac, group, hat, math, sub, sup, under, word } from "../ui/math.js";

const code = () => [math("q=", "clip", group("round", group(frac("x", "s")), "+z, l, h"))];
const back = () => [math(hat("x"), "=s", group("q−z"))];
const symmetric = () => [math("s=", frac(["max", abs("x")], [sup("2", "b−1"), "−1"])), math("z=0")];
const affine = () => [
  math("s=", frac(["max", group("x,0"), "−", "min", group("x,0")], [sup("2", "b"), "−1"])),
  math("z=", "round", group("−", frac(["min", group("x,0")], "s"))),
];
const rounding = () => [math(abs("x−", hat("x")), "≤", frac("s", "2"))];
const squares = (cause) => [frac("1", "n"), under("∑", word(cause)), sup("e", "2")];
const mse = () => [math(word("MSE"), "=", ...squares("rounded"), "+", ...squares("clipped")), math("e=x−", hat("x"))];
const sqnr = () => [
  math(word("SQNR"), "=10", sub(word("log"), "10"), frac(["∑", sup("x", "2")], ["∑", sup("e", "2")]), word(" dB")),
];

export const chapters = [
  {
    title: "1. From a number to a code and back",
    body: html`<p>A grid is a scale <i>s</i>, the distance of its lines, and a zero point <i>z</i>, the code that stands for the real
        0. A number becomes the code of the nearest line; exactly between two lines the even one is taken. A code beyond the
        grid's last, lowest or highest, becomes that last one.</p>
      <p>What a network computes with afterwards is not the code but the line it stands for.</p>`,
    formulas: [code, back],
    code: ["pyapp.quant.schemes.Grid"],
  },
  {
    title: "2. Where the grid comes from",
    body: html`<p>The symmetric grid reaches as far below 0 as above it. The affine grid reaches from the smallest number to the
        largest one, and so has no line to waste; <a href="#affine">Symmetric or affine</a> shows what that is worth.</p>`,
    formulas: [symmetric, affine],
    code: ["pyapp.quant.schemes.symmetric_grid", "pyapp.quant.schemes.affine_grid"],
  },
  {
    title: "3. Rounding and clipping",
    body: html`<p>A number between the first and the last line is <em>rounded</em>, and is wrong by half a step at most. A number beyond
        them is <em>clipped</em>, and its error has no bound. Lower “Clip range”: the steps become finer and the rounding error
        smaller, while the clipping error grows. For a tensor with a few outliers the best range is well below 100 %.</p>
      <p>No number is both, so that the two parts of the mean squared error add up to it.</p>`,
    formulas: [rounding, mse],
    code: ["pyapp.quant.error.compare"],
  },
  {
    title: "4. Signal to noise",
    body: html`<p>SQNR compares the energy of the numbers with the energy of their errors. It knows no unit: a tensor and its double
        have the same. One bit more halves the step, and therefore the rounding error, which is 6.02 dB. “At a glance” measures
        how near your tensor comes to that.</p>
      <p>Where nothing is lost at all, as for a tensor of zeros or of one number alone, the ratio is infinite, and the page
        says “exact”.</p>`,
    formulas: [sqnr],
    code: ["pyapp.quant.error.sqnr_db"],
  },
  {
    title: "5. How many numbers share a scale",
    body: html`<p>One scale for the tensor costs four bytes and has to suit its largest number. A scale for each channel (row) lets rows
        of small numbers have fine steps: draw from “channels” and compare. Groups go further, and pay with a scale for every few
        numbers: look at the size.</p>`,
    code: ["pyapp.quant.schemes.Granularity"],
  },
];
