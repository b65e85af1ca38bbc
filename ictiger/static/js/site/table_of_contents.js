// The table of contents: open while it is in the margin, with the current section marked.

function markCurrentSection(contents) {
  const links = new Map();
  for (const link of contents.querySelectorAll("a[href^='#']")) {
    const heading = document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (heading) {
      links.set(heading, link);
    }
  }
  const headings = [...links.keys()];

  // The current section is the last one whose heading is above a third of the window's height.
  let isScheduled = false;
  const mark = () => {
    isScheduled = false;
    const current = headings.findLast((heading) => heading.getBoundingClientRect().top < innerHeight / 3);
    for (const [heading, link] of links) {
      if (heading === current) {
        link.setAttribute("aria-current", "true");
      } else {
        link.removeAttribute("aria-current");
      }
    }
  };
  const scheduleMark = () => {
    if (!isScheduled) {
      isScheduled = true;
      requestAnimationFrame(mark);
    }
  };
  addEventListener("scroll", scheduleMark, { passive: true });
  scheduleMark();
}

function openInMargin(details) {
  const hasMargin = matchMedia("(width >= 75rem)"); // as in article.css
  const update = () => {
    details.open = hasMargin.matches;
  };
  hasMargin.addEventListener("change", update);
  update();
}

for (const contents of document.querySelectorAll(".contents")) {
  openInMargin(contents.querySelector("details"));
  markCurrentSection(contents);
}
