// A classic script in <head>, so that it runs before anything is painted: what room to keep for this reader (see masthead.css, banner.css).
(() => {
  const hint = /(?:^|; )reader=(member|unverified|mistyped|guest)(?:;|$)/.exec(document.cookie);
  if (hint) {
    document.documentElement.dataset.reader = hint[1];
  }
})();
