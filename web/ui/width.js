import { useLayoutEffect, useRef, useState } from "preact";

/** [a ref, the width of its element in CSS pixels], kept up to date; 0 in the first drawing, which no one sees. */
export function useWidth() {
  const target = useRef(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const measure = () => setWidth(target.current?.clientWidth ?? 0);
    measure(); // a key may be pressed before an observer is heard
    const resize = new ResizeObserver(measure);
    resize.observe(target.current);
    return () => resize.disconnect();
  }, []);
  return [target, width];
}
