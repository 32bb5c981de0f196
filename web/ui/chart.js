import { html, useEffect, useRef } from "preact";

/**
 * A canvas class among panels: `new kind(host, options)` once, `update(...args)` when an argument has changed (args null:
 * there is nothing yet), `destroy()` at the end. Give it a `key` where the options may change.
 */
export function Chart({ kind: Kind, options, args, name = "" }) {
  const host = useRef(null);
  const chart = useRef(null);
  useEffect(() => {
    chart.current = new Kind(host.current, options);
    return () => chart.current.destroy();
  }, []);
  useEffect(() => {
    if (args) chart.current.update(...args);
  }, args ?? [null]);
  return html`<div class=${name} ref=${host}></div>`;
}
