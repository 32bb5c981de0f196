import { useEffect, useRef, useState } from "preact";

/** [a ref, the width of its element in CSS pixels], kept up to date; 0 until it is known. */
export function useWidth() {
  const target = useRef(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const resize = new ResizeObserver(() => setWidth(target.current?.clientWidth ?? 0));
    resize.observe(target.current);
    return () => resize.disconnect();
  }, []);
  return [target, width];
}
