import { html } from "preact";

/** An error {message, hint} in sentences, beside what caused it, and the way to try once more; nothing if there is none. */
export function Trouble({ trouble, test, retry }) {
  if (!trouble) return null;
  return html`<p class="trouble" role="alert" data-test=${test}>${sentences(trouble)}</p>
    ${retry && html`<button type="button" data-test=${test.replace("trouble", "retry")} onClick=${retry}>Retry</button>`}`;
}

export function sentences({ message, hint }) {
  const stop = (text) => (/[.!?]$/.test(text) ? text : `${text}.`);
  return hint ? `${stop(message)} ${hint[0].toUpperCase()}${stop(hint.slice(1))}` : stop(message);
}
