import { html, useEffect, useMemo, useState } from "preact";
import { onTheme } from "./theme.js";

const PEN = 0.08; // of the pad's side; Python draws the same pen
const STEP = 0.04; // of it, that an arrow key moves the pen
const ARROWS = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
const clamp = (x) => Math.max(0, Math.min(1, x));
const HELP = "Arrow keys move the pen, Space puts it down and lifts it, Delete clears.";

/**
 * What is drawn on a pad: strokes of points (x, y in 0..1), not pixels. Python turns them into an image, the same one in every
 * browser. Instead of strokes there can be a picture, {href(), photo, inputs}.
 * `changed` is called after each change of these, `redraw` when only the pen has moved.
 */
export class Drawing {
  strokes = [];
  picture = null;
  pen = null; // where the keyboard's pen is, once it is used
  #pointer = null; // of the stroke under way: a pointer's number, or "keys"
  #touch; // the last pointer that was a finger, or a palm
  #past = [];
  #changed;
  #redraw;

  constructor(changed, redraw) {
    [this.#changed, this.#redraw] = [changed, redraw];
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  get empty() {
    return !this.picture && this.strokes.length === 0;
  }

  /** Whether the keyboard's pen draws. */
  get isDown() {
    return this.#pointer === "keys";
  }

  /** float32 [P, 3]: x, y, stroke number. */
  points() {
    const rows = this.strokes.flatMap((stroke, number) => stroke.flatMap(([x, y]) => [x, y, number]));
    return { shape: [rows.length / 3, 3], dtype: "float32", data: Float32Array.from(rows) };
  }

  /** Strokes as `points` gives them. */
  draw({ data }) {
    const strokes = [];
    for (let i = 0; i < data.length; i += 3) (strokes[data[i + 2]] ??= []).push([data[i], data[i + 1]]);
    this.#set(strokes.filter(Boolean));
  }

  show = (picture) => this.#set([], picture);

  clear = () => void (this.empty || this.#set([]));

  undo() {
    if (this.canUndo) this.#become(...this.#past.pop());
  }

  #set(strokes, picture = null) {
    this.#past.push([this.strokes, this.picture]);
    this.#become(strokes, picture);
  }

  #become(strokes, picture) {
    this.#pointer = null; // the stroke under way ends, for it may be gone
    [this.strokes, this.picture] = [strokes, picture];
    this.#changed();
  }

  #begin(point, pointer) {
    this.#set([...this.strokes, [point]]);
    this.#pointer = pointer;
  }

  down(event) {
    if (event.pointerType === "pen" && this.#pointer === this.#touch) this.undo(); // a palm that lay down before the pen
    if (this.#pointer !== null || event.button !== 0) return;
    if (event.pointerType === "touch") this.#touch = event.pointerId;
    event.preventDefault();
    event.currentTarget.setPointerCapture(event.pointerId);
    this.pen = null;
    this.#begin(pointOf(event, event.currentTarget), event.pointerId);
  }

  move(event) {
    if (event.pointerId !== this.#pointer) return;
    const [stroke, events] = [this.strokes.at(-1), event.getCoalescedEvents?.() ?? []];
    for (const one of events.length ? events : [event]) {
      const to = pointOf(one, event.currentTarget);
      if (to.some((part, i) => part !== stroke.at(-1)[i])) stroke.push(to);
    }
    this.#changed();
  }

  up({ pointerId }) {
    if (pointerId === this.#pointer) this.#pointer = null;
  }

  /** It was two fingers, which scroll. */
  cancel({ pointerId }) {
    if (pointerId === this.#pointer) this.undo();
  }

  /** The pen by keyboard, from the middle of the pad. */
  key(event) {
    const move = ARROWS[event.key];
    if (!move && ![" ", "Delete", "Backspace"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation(); // Space plays and pauses elsewhere
    const [x, y] = (this.pen ??= [0.5, 0.5]);
    if (move) {
      this.pen = [clamp(x + move[0]), clamp(y + move[1])];
      if (this.isDown) this.strokes.at(-1).push(this.pen);
    } else if (event.key !== " ") this.clear();
    else if (this.#pointer === null) this.#begin(this.pen, "keys");
    else this.#pointer = null;
    if (move && this.isDown) this.#changed();
    else this.#redraw();
  }

  /** The keyboard leaves the pad. */
  lift() {
    if (this.isDown) this.#pointer = null;
    this.pen = null;
    this.#redraw();
  }
}

function pointOf({ clientX, clientY }, pad) {
  const box = pad.getBoundingClientRect();
  return [clamp((clientX - box.left) / box.width), clamp((clientY - box.top) / box.height)];
}

/** A square to draw on with mouse, finger, pen or keyboard. */
export function Pad({ drawing, label }) {
  const { strokes, picture, pen, isDown } = drawing;
  const [theme, redraw] = useState(null);
  useEffect(() => onTheme(() => redraw({})), []); // which the picture's colours follow
  const href = useMemo(() => picture?.href(), [picture, theme]);
  const on = (act) => (event) => drawing[act](event);
  const [across, down] = (pen ?? []).map((part) => Math.round(100 * part));
  return html`<svg class="pad" viewBox="0 0 1 1" tabindex="0" role="application" aria-label=${label} aria-description=${HELP} data-test="pad"
      onPointerDown=${on("down")} onPointerMove=${on("move")} onPointerUp=${on("up")} onPointerCancel=${on("cancel")}
      onKeyDown=${on("key")} onBlur=${on("lift")}>
      <title>${HELP}</title>
      ${picture && html`<image class=${picture.photo ? "" : "cells"} href=${href} width="1" height="1" />`}
      ${strokes.map((stroke) => html`<path stroke-width=${PEN} d=${`M${stroke.join("L")}h0`} />`)}
      ${pen && html`<circle class=${isDown ? "quant" : "float"} cx=${pen[0]} cy=${pen[1]} r=${PEN / 2} />`}
    </svg>
    <span class="unseen" role="status">${pen && `Pen ${isDown ? "down" : "up"}, ${across} % across, ${down} % down`}</span>`;
}
