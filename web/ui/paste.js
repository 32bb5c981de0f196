import { count } from "./format.js";

/**
 * A handler of paste events for fields of at most `most` characters: of a longer text only the beginning goes in, because a
 * field with millions of characters stops the tab and takes a gigabyte. `say` gets a sentence about what was left out, or null.
 */
export function pasting(most, say) {
  return (event) => {
    const text = event.clipboardData.getData("text/plain");
    if (text.length <= most) return say(null);
    event.preventDefault();
    const field = event.target;
    field.setRangeText(text.slice(0, most), field.selectionStart, field.selectionEnd, "end");
    for (const type of ["input", "change"]) field.dispatchEvent(new Event(type, { bubbles: true })); // a script's edit makes none
    say(`Only the first ${count(most)} of ${count(text.length)} pasted characters are in the field.`);
  };
}
