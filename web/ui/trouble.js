import { html } from "preact";

/** An error {message, hint} in sentences, beside what caused it; nothing if there is none. */
export function Trouble({ trouble, test }) {
  return trouble ? html`<p class="trouble" role="alert" data-test=${test}>${sentences(trouble)}</p>` : null;
}

export function sentences({ message, hint }) {
  const stop = (text) => (/[.!?]$/.test(text) ? text : `${text}.`);
  return hint ? `${stop(message)} ${hint[0].toUpperCase()}${stop(hint.slice(1))}` : stop(message);
}
