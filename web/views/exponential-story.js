import { html } from "preact";
import { frac, group, math, sub, sup, word } from "../ui/math.js";

const ln2 = () => [word("ln "), "2"];
const split = () => [math("x=p−z", ...ln2()), math(sup("e", "x"), "=", sup("2", "−z"), sup("e", "p")), math("−", ...ln2(), "<p≤0")];
const parabola = () => [math("L", group("p"), "=a", sup(group("p+b"), "2"), "+c"), math(sup("e", "x"), "≈L", group("p"), sup("2", "−z"))];
const floored = (content) => ["⌊", content, "⌋"];
const constants = () => [
  math(sub("q", "b"), "=", ...floored(frac("b", "S"))),
  math(sub("q", "c"), "=", ...floored(frac("c", ["a", sup("S", "2")]))),
  math("E=", group(sup(group(sub("q", "p"), "+", sub("q", "b")), "2"), "+", sub("q", "c")), sup("2", "n−z")),
  math(sup("e", "x"), "≈E", frac(["a", sup("S", "2")], sup("2", "n"))),
];
const period = () => [math(sub("q", ["l", "n", "2"]), "=", ...floored(frac(ln2(), "S")))];
const repaired = () => [math("t=", "round", group(frac(ln2(), "S"), sup("2", "12"))), math("z=", ...floored(frac(["−q", sup("2", "12")], "t"))), math(sub("q", "p"), "=", sup("2", "12"), "q+z t")];

export const chapters = [
  {
    title: "1. Why this function is the bottleneck",
    body: html`<p>Matrix products of codes are products and sums of integers, and so are ReLU and requantisation. The exponential in softmax is not: it is the
        last float of many a network that is called integer-only. Its values span so many powers of two that no single grid suits all of
        them, and every product on the way to a series needs twice the bits of its factors.</p>`,
  },
  {
    title: "2. Range reduction: halving is a shift",
    body: html`<p>Whatever x is, a whole number of ln 2 brings it into one period below 0. Each of these steps halves the result, and halving is free: a
        shift by one bit. On the picture the dashed thread goes from the point to where it is computed.</p>`,
    formulas: [split],
    code: ["pyapp.softmax.exponential.IExp"],
  },
  {
    title: "3. One parabola for one period",
    body: html`<p>Over a single period a polynomial of second order is enough. The paper's text prints a = 0.3585, b = 1.353, c = 0.344; the published code has more
        digits, in another form of the same parabola. The difference is small, but it decides whether the published maximum of 1.9e−3
        is kept, to the two digits that are printed: choose either set and look at the error.</p>
      <p>Dashed on the first picture is what the parabola does beyond its period: without range reduction it would be of no use.</p>`,
    formulas: [parabola],
    code: ["pyapp.softmax.ibert.Polynomial", "pyapp.softmax.exponential.error"],
  },
  {
    title: "4. With integers",
    body: html`<p>Divided by S and by S², the constants are whole numbers, rounded once beforehand. What remains for every x is an integer division by the
        period, one product, two sums and one shift. Shifting to the right drops bits, as the printed algorithm does. The code therefore scales up
        by 2<sup>n</sup> first, with n = 30, and then rounds to 16 bits. Lower n and watch the curve far from 0 turn into stairs.</p>`,
    formulas: [constants],
    code: ["pyapp.softmax.ibert.IBertPaper", "pyapp.softmax.ibert.IBert"],
  },
  {
    title: "5. When ln 2 is no whole number of codes",
    body: html`<p>It never is. At S = 0.1 it is 6.93 codes. The paper rounds down, to 6; the code rounds the negative number down, and has 7. From there
        on each period is a little off, and z of them are z times as much off. Above S = 0.69 a period of the code is a single code, above 1.67 its
        constant c is 0, and a row of zeros is divided by its sum.</p>
      <p>With 12 more bits of period and rest the reduction is right, and what is left at coarse scales is the rounding of the constants b and
        c, which no repair of the period helps: choose S = 2 and compare all three.</p>`,
    formulas: [period, repaired],
    code: ["pyapp.softmax.ibert.IBertLn2"],
  },
];
