import { html } from "preact";
import { abs, frac, group, math, sub, sup, under } from "../ui/math.js";

const wrapped = () => [
  math("y=", under("∑", "k"), sub("a", "k"), sub("w", "k")),
  math(sub("y", "8"), "=y−256 n"),
  math("−128≤", sub("y", "8"), "≤127"),
];
const operations = () => [math("R=", frac("2 M K N", "t"))];
const exact = () => [math(abs(under("∑", "k"), sub("a", "k"), sub("w", "k")), "≤", sup("127", "2"), "K≤", sup("2", "24"))];
const rounding = () => [
  math(abs(sub("y", "32"), "−y"), "≤", sub("γ", "K"), "‖x‖‖w‖"),
  math(sub("γ", "K"), "=", frac("K u", "1−K u")), math("u=", sup("2", "−24")),
];
const traffic = () => [math("T=b", group("M K+K N"), "+4 M N")];

export const chapters = [
  {
    title: "1. int8 times int8 is int8",
    body: html`<p>NumPy gives the result of an operation the type of its operands. For a matrix product this is the type of the sums, too:
        two products of int8 codes already leave int8, and what does not fit is dropped without an error. What an int8 processor has,
        small factors with a wide sum, NumPy's integer product does not offer.</p>
      <p>One can ask for the wide sum with <code>dtype=np.int32</code>. NumPy then casts both matrices to int32 in pieces, again and
        again: the slowest right answer, though the only one that keeps the weights in one byte each.</p>`,
    formulas: [wrapped],
    code: ["pyapp.pages.base.contestants.int8_matmul", "pyapp.pages.base.contestants.widened_matmul"],
  },
  {
    title: "2. Why integers are not fast here",
    body: html`<p>Outside of the browser NumPy hands float products to BLAS, a library whose kernels are written for the processor: blocks that
        stay in the cache, many numbers an instruction. BLAS knows no integers; for them NumPy has plain loops, and on one thread of a server
        float32 was 8 to 60 times as fast as they.</p>
      <p>In Pyodide there is no BLAS at all. Float32 has to make do with NumPy's own loops as well, and an int32 is as wide as a
        float32, so that the same loop takes about the same time: int8 loses little here, and gains nothing. Among the loops
        <code>einsum</code> along the long axis is the best, which is why this project computes with it.</p>
      <p>An operation is a multiplication or an addition, so that a product counts 2 M K N of them, and the rate is <i>R</i>.</p>`,
    formulas: [operations],
    code: ["pyapp.core.ops.linear", "pyapp.pages.base.contestants.int32_matmul", "pyapp.quant.matmul.product"],
  },
  {
    title: "3. Codes carried in float32",
    body: html`<p>Float32 has 24 bits for a whole number. As long as no sum of code products can leave them, the float product of the codes
        is the integer product, to the last bit, and almost as fast as float32. That is how this project checks and evaluates its integer
        networks. It saves no memory: each code travels as four bytes.</p>`,
    formulas: [exact],
    code: ["pyapp.pages.base.contestants.carried"],
  },
  {
    title: "4. What counts as right",
    body: html`<p>Codes have one right product, and an integer contestant has to hit it in every element. Float sums depend on the order of
        adding, so float32 may differ from float64, but by no more than K roundings can do.</p>`,
    formulas: [rounding],
    code: ["pyapp.pages.base.contestants.truth", "pyapp.pages.base.contestants.wrong"],
  },
  {
    title: "5. What int8 saves all the same",
    body: html`<p>With <i>b</i> bytes a number, inputs and weights take a quarter of the traffic <i>T</i>. In a square product each number is used many times once it is in the cache, so that
        bytes matter little. For one row of input they are all that matters: each weight is read for a single multiplication. The sums are
        32 bits wide in either case, until they are requantised (<a href="#matmul">Integer matmul</a>).</p>`,
    formulas: [traffic],
  },
  {
    title: "6. How it is timed",
    body: html`<p>In a browser the clock ticks in tenths of a millisecond. Each timing therefore spans as many calls as take 20 ms together, and
        contestants take turns, so that a machine that slows down slows all of them. Inputs that come as float32 have to be divided by the scale, rounded
        and clipped first; those rows include it.</p>`,
    code: ["pyapp.pages.arena.ms_per_call"],
  },
];
