import { html, useEffect, useState } from "preact";

const TEXT = "textarea, select, [contenteditable], input:not([type=range], [type=radio], [type=checkbox])";
const PRESSABLE = "button, summary, a, input:not([type=range], [type=radio]:checked)"; // Space already does something there

/** By how many rows and columns arrow keys move. */
export const ARROWS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

/** Attributes of what is read by pointer and keyboard, that end it; what a finger has tapped stays until another place is. */
export const ending = (leave) => ({ onBlur: leave, onPointerCancel: leave, onPointerLeave: ({ pointerType }) => pointerType !== "touch" && leave() });

/** Which of n things of a drawing is read, or null; read(i); and for the drawing the attributes by which arrow keys go from one to the next. */
export function useReading(n) {
  const [at, read] = useState(null);
  const onKeyDown = (event) => {
    const by = ARROWS[event.key];
    if (!by || !n) return;
    event.preventDefault();
    const step = by[0] + by[1];
    read(((at ?? (step < 0 ? 0 : -1)) + step + n) % n);
  };
  return [at < n ? at : null, read, { tabindex: "0", role: "application", "aria-roledescription": "plot", onKeyDown, ...ending(() => read(null)) }];
}

/**
 * Keys of a page: [{key, label, run}], where key is as KeyboardEvent.key says it ("s", " "). `?` lists them in a dialog, for which
 * `dialog` is a ref. Nothing happens while the reader types, or in a dialog.
 */
export function Keys({ bindings, dialog }) {
  useEffect(() => {
    const pressed = (event) => {
      const { target } = event;
      const inside = target.closest("dialog");
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
      if (inside?.open || target.matches(TEXT)) return;
      if (event.key === " " && !inside && target.matches(PRESSABLE)) return; // a dialog just closed may still hold the focus
      if (event.key === "?") return void dialog.current.showModal();
      const binding = bindings.find(({ key }) => key === event.key.toLowerCase());
      if (!binding) return;
      event.preventDefault();
      binding.run();
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, []);
  return html`<dialog class="keys" ref=${dialog}>
    <h2>Keys</h2>
    <dl>
      ${[...bindings, { key: "?", label: "This list" }].map(
        ({ key, label }) => html`<div><dt><kbd>${key === " " ? "Space" : key.toUpperCase()}</kbd></dt><dd>${label}</dd></div>`,
      )}
    </dl>
    <form method="dialog"><button>Close</button></form>
  </dialog>`;
}
