// A hook that keeps a signal at the size of an element.

import { useEffect } from "preact/hooks";

/**
 * @param {{current: HTMLElement|null}} ref
 * @param {import("@preact/signals").Signal<{width: number, height: number}>} space
 */
export function useMeasured(ref, space) {
  useEffect(() => {
    if (!ref.current) return;
    const observer = new ResizeObserver(([entry]) => {
      const { width, height } = entry.contentRect;
      space.value = { width: Math.floor(width), height: Math.floor(height) };
    });
    observer.observe(ref.current);
    return () => observer.disconnect();
  }, []);
}
