import { html, useEffect, useRef } from "preact";
import { LiveCode } from "../live-code.js";

/** The page's live functions in editors. */
export default function Code({ page }) {
  const host = useRef(null);
  useEffect(() => {
    const code = new LiveCode(host.current, page);
    return () => code.destroy();
  }, []);
  return html`<div ref=${host}></div>`;
}
