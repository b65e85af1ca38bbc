// The table of contents: open where it stands in the margin, and showing which section is being read.

function followReading(contents) {
  const links = new Map();
  for (const link of contents.querySelectorAll("a[href^='#']")) {
    const heading = document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (heading) {
      links.set(heading, link);
    }
  }
  const headings = [...links.keys()];

  // The section being read is the last one whose heading has passed the upper third of the window.
  let waiting = false;
  const mark = () => {
    waiting = false;
    const reading = headings.findLast((heading) => heading.getBoundingClientRect().top < innerHeight / 3);
    for (const [heading, link] of links) {
      if (heading === reading) {
        link.setAttribute("aria-current", "true");
      } else {
        link.removeAttribute("aria-current");
      }
    }
  };
  const markSoon = () => {
    if (!waiting) {
      waiting = true;
      requestAnimationFrame(mark);
    }
  };
  addEventListener("scroll", markSoon, { passive: true });
  markSoon();
}

function openInMargin(details) {
  const margin = matchMedia("(width >= 75rem)"); // as in article.css
  const adapt = () => {
    details.open = margin.matches;
  };
  margin.addEventListener("change", adapt);
  adapt();
}

for (const contents of document.querySelectorAll(".contents")) {
  openInMargin(contents.querySelector("details"));
  followReading(contents);
}
