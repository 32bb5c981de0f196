const file = JSON.parse(document.getElementById("export").textContent);
const network = load(file);
const fixtures = unrolled(numbers(Uint8Array, file.proof.pixels));
const [pad, seen, bars, verdict] = ["pad", "seen", "bars", "verdict"].map((id) => document.getElementById(id));
const [WIDTH, STEP] = [0.08, 0.04]; // the pen's, and how far an arrow key moves it, as fractions of the pad
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const digits = !file.manifest.classes; // else classes of one's own
const classes = file.manifest.classes ?? [..."0123456789"];
let strokes = [];
let picture = null; // 784 numbers, instead of strokes
let drawing = false;
let keys = null; // the keyboard's pen, once it is used: where it is, and whether it is down
let due = 0; // the frame in which what changed will be drawn

const proof = prove(file);
document.getElementById("proof").textContent = proof.ok
  ? `Proven in this browser: ten ${digits ? "digits" : "images"} give ${network.input ? "exactly the integers" : "the probabilities"} that Bitladder's Python gave${network.input ? "" : ` (largest difference ${proof.difference.toExponential(1)})`}. Fingerprint ${proof.fingerprint}.`
  : `This browser computes something different: ${proof.where}.`;
document.getElementById("proof").className = proof.ok ? "good" : "bad";
bars.append(...classes.map((name) => {
  const [label, meter, output] = ["b", "meter", "output"].map((tag) => document.createElement(tag));
  label.textContent = name;
  meter.setAttribute("aria-label", `Probability of ${name}`);
  const bar = document.createElement("li");
  bar.append(label, meter, output);
  return bar;
}));
document.getElementById("examples").append(...Array.from({ length: 10 }, (_, i) => Object.assign(document.createElement("button"), {
  textContent: digits ? i : i + 1, title: `Show a test ${digits ? `digit: ${i}` : "image"}`, onclick: () => show([], example(i)),
})));
document.getElementById("told").textContent = digits ? "Test digits:" : "Test images:";

/** The numbers of one of the ten images of the proof. */
function example(i) {
  return Float32Array.from(fixtures.slice(i * 784, i * 784 + 784), (value) => Math.fround(value / 255));
}

/** A drawing, or 784 numbers instead, on the pad; what the network sees; what it says. */
function show(next, instead = null) {
  [strokes, picture] = [next, instead];
  due ||= requestAnimationFrame(draw);
}

function draw() {
  due = 0;
  const x = picture ?? image(strokes.flatMap((stroke, i) => stroke.map(([px, py]) => [px, py, i])));
  const side = pad.width;
  const pen = pad.getContext("2d");
  const ink = getComputedStyle(pad).color;
  pen.clearRect(0, 0, side, side);
  if (picture) paint(pen, x, ink, side);
  Object.assign(pen, { lineWidth: WIDTH * side, lineCap: "round", lineJoin: "round", strokeStyle: ink });
  for (const stroke of strokes) {
    pen.beginPath();
    stroke.forEach(([px, py], i) => (i ? pen.lineTo(px * side, py * side) : pen.moveTo(px * side, py * side)));
    pen.lineTo(stroke.at(-1)[0] * side + 0.01, stroke.at(-1)[1] * side);
    pen.stroke();
  }
  if (keys) {
    pen.beginPath();
    pen.arc(keys.at[0] * side, keys.at[1] * side, (WIDTH * side) / 2, 0, 7);
    Object.assign(pen, { lineWidth: 3, strokeStyle: keys.down ? "orangered" : "gray" });
    pen.stroke();
  }
  const small = seen.getContext("2d");
  small.clearRect(0, 0, seen.width, seen.width);
  if (x) paint(small, x, ink, seen.width);
  const { probabilities } = x ? run(network, x) : { probabilities: classes.map(() => 0) };
  const best = probabilities.indexOf(Math.max(...probabilities));
  [...bars.children].forEach((bar, i) => {
    bar.querySelector("meter").value = probabilities[i];
    bar.querySelector("output").textContent = x ? `${(100 * probabilities[i]).toFixed(1)} %` : "";
    bar.className = x && i === best ? "best" : "";
  });
  verdict.textContent = x ? `It reads ${digits ? "a " : ""}${classes[best]} (${(100 * probabilities[best]).toFixed(1)} %).` : `Draw, or choose a test ${digits ? "digit" : "image"}.`;
}

function paint(context, x, ink, side) {
  const cell = side / 28;
  x.forEach((value, i) => {
    context.globalAlpha = value;
    context.fillStyle = ink;
    context.fillRect((i % 28) * cell, Math.floor(i / 28) * cell, cell, cell);
  });
  context.globalAlpha = 1;
}

const point = (event) => [event.offsetX / pad.clientWidth, event.offsetY / pad.clientHeight];
pad.onpointerdown = (event) => {
  if (!event.isPrimary || event.button !== 0) return; // a second finger, or another button
  pad.setPointerCapture(event.pointerId);
  drawing = true;
  show([...strokes, [point(event)]]);
};
pad.onpointermove = (event) => drawing && event.isPrimary && show([...strokes.slice(0, -1), [...strokes.at(-1), point(event)]]);
pad.onpointerup = pad.onpointercancel = (event) => { drawing &&= !event.isPrimary; };
pad.onkeydown = (event) => {
  const move = ARROWS[event.key];
  if (!move && ![" ", "Delete", "Backspace"].includes(event.key)) return;
  event.preventDefault(); // the page does not scroll
  keys ??= { at: [0.5, 0.5], down: false };
  if (move) keys.at = keys.at.map((at, axis) => Math.min(Math.max(at + STEP * move[axis], 0), 1));
  else keys.down = event.key === " " && !keys.down;
  if (event.key === " " && keys.down) show([...strokes, [keys.at]]);
  else if (move && keys.down) show([...strokes.slice(0, -1), [...(strokes.at(-1) ?? []), keys.at]]);
  else if (move || event.key === " ") show(strokes, picture);
  else show([]);
};
pad.onblur = () => { keys = null; show(strokes, picture); };
document.getElementById("clear").onclick = () => show([]);
document.getElementById("undo").onclick = () => show(strokes.slice(0, -1));
matchMedia("(prefers-color-scheme: dark)").onchange = () => show(strokes, picture);
show([], example(3));
