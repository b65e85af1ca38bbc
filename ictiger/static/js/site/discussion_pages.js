// The pages of the discussion and its other orders, in place: the same links, the same addresses, and Back leads back.

import { refillSlot } from "./personal_bar.js";
import { discussionSection } from "./insertion.js";

const PATIENCE_FOR_PAGES = 20_000; // milliseconds
let shownPage = location.pathname + location.search;

// Turn to where a link leads. `placeOwn` puts what is only this reader's in its place again.
export async function followInPlace(href, placeOwn) {
  history.replaceState({ ...history.state, scrolled: scrollY }, "");
  const title = await show(href, placeOwn);
  if (title !== null) {
    history.pushState({ discussion: true }, "", href);
    shownPage = location.pathname + location.search;
    document.title = title;
    document.getElementById("discussion-title").focus();
  }
}

// Back and forward. Steps between places of the same page are the browser's own.
export async function goBackInPlace(state, placeOwn) {
  if (location.pathname + location.search === shownPage) {
    return;
  }
  shownPage = location.pathname + location.search;
  const title = await show(location.href, placeOwn);
  if (title !== null) {
    document.title = title;
    document.getElementById("discussion-title").focus({ preventScroll: true });
    scrollTo({ top: state?.scrolled ?? discussionSection.offsetTop, behavior: "instant" });
  }
}

// The title of the page that is shown now; null when the browser goes there by itself.
async function show(href, placeOwn) {
  discussionSection.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(href, { credentials: "same-origin", signal: AbortSignal.timeout(PATIENCE_FOR_PAGES) });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const discussion = page.getElementById("discussion");
    if (!answer.ok || !discussion || lacksArticle(page)) {
      throw new Error(`no page of this discussion at ${href}`);
    }
    replaceDiscussion(discussion);
    if (!discussionSection.querySelector("[data-slot=comments-own]").firstElementChild) {
      await refillSlot("comments-own");
    }
    placeOwn();
    return page.title;
  } catch {
    location.assign(href);
    return null;
  } finally {
    discussionSection.removeAttribute("aria-busy");
  }
}

// The page with the article itself cannot be shown where only its discussion stands.
function lacksArticle(page) {
  return page.querySelector("article.article") && !document.querySelector("article.article");
}

// A form that is being filled in stays.
function replaceDiscussion(discussion) {
  const kept = discussionSection.querySelector("[data-slot=comment-form]");
  if (kept?.querySelector(".comment-form")) {
    discussion.querySelector("[data-slot=comment-form]")?.replaceWith(kept);
  }
  discussionSection.replaceChildren(...discussion.childNodes);
}
