"""Measure layout shifts in a page."""

# Sums up the browser's layout-shift scores in `window.shifted`, from before the first paint.
OBSERVE_LAYOUT_SHIFTS = """
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const shift of list.getEntries()) window.shifted += shift.value;
}).observe({ type: "layout-shift", buffered: true });
"""
