// A classic script in <head>, run before the first paint: copy the hint cookie to <html data-reader>, so that
// CSS can reserve room for the personal part of the page (masthead.css, banner.css).
(() => {
  const hint = /(?:^|; )reader=(member|unverified|mistyped|guest)(?:;|$)/.exec(document.cookie);
  if (hint) {
    document.documentElement.dataset.reader = hint[1];
  }
})();
