import { abs, frac, group, hat, math, sqrt, sub, subsup, sup, under } from "../ui/math.js";

// The formulas of the digits page, in the order of its story; each is a list of equations that stand in a line if they fit.
// Rows are images, and W is (outputs, inputs), as in the Python: y = x Wᵀ + b.

const affine = (x, i) => [x, subsup("W", i, "⊤"), "+", sub("b", i)];
const relu = (...content) => ["max", group("0,", ...content)];
const total = (below, ...content) => [under("∑", below), ...content];
const centre = (axis) => math(hat(axis), "=", frac(total("x,y", axis, sub("a", "xy")), total("x,y", sub("a", "xy"))), "→14");

export const network = () => [
  math(sub("h", "1"), "=", ...relu(...affine("x", "1"))),
  math(sub("h", "2"), "=", ...relu(...affine(sub("h", "1"), "2"))),
  math("z=", ...affine(sub("h", "2"), "3")),
];

export const scaling = () => [math("s=", frac("20", ["max", group("w,h")]))];

export const mass = () => [centre("x"), centre("y")];

export const softmax = () => [math(sub("p", "j"), "=", frac(sup("e", sub("z", "j")), total("k", sup("e", sub("z", "k")))))];

export const crossEntropy = () => [math("L=−", frac("1", "B"), ...total("i"), "log", sub("p", ["i,", sub("y", "i")]))];

export const backward = () => [math(frac("∂L", "∂z"), "=", frac("p−y", "B"))];

export const layer = () => [
  math(frac("∂L", "∂W"), "=", sup(group(frac("∂L", "∂z")), "⊤"), "x"),
  math(frac("∂L", "∂b"), "=", ...total("i", frac("∂L", ["∂", sub("z", "i")]))),
  math(frac("∂L", "∂x"), "=", frac("∂L", "∂z"), "W"),
];

export const sgd = () => [math("w←w−ηg")];

export const adam = () => [
  math("m←", sub("β", "1"), "m+", group("1−", sub("β", "1")), "g"),
  math("v←", sub("β", "2"), "v+", group("1−", sub("β", "2")), sup("g", "2")),
];

export const adamStep = () => [
  math("w←w−η", frac(hat("m"), [sqrt(hat("v")), "+ε"])),
  math(hat("m"), "=", frac("m", ["1−", subsup("β", "1", "t")])),
  math(hat("v"), "=", frac("v", ["1−", subsup("β", "2", "t")])),
];

export const scale = () => [math("s=", frac(["max", abs("w")], ["n"])), math("n=", sup("2", "b−1"), "−1")];

export const codes = () => [math("q=", "clip", group("round", group(frac("w", "s")), ",", "−n,n")), math(hat("w"), "=s q")];
