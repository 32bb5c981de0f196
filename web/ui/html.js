import htm from "htm";
import { h } from "preact/standalone";
export * from "preact/standalone";

/** htm would keep each element that never changes, and by it Preact the first page that drew it, long after that is left. */
export const html = htm.bind(function (...element) {
  this[0] = 3; // htm's sign for an element that is made anew each time
  return h(...element);
});
