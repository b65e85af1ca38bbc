// Turn the pages of the discussion and change its order in place: the same links and URLs, and Back works.

import { refillSlot } from "./personal_bar.js";
import { discussionSection, rememberPublicDiscussion } from "./insertion.js";

const PAGE_TIMEOUT = 20_000; // milliseconds
let shownPath = location.pathname + location.search;

// Show the page that a link leads to. `insertPersonal` inserts the reader's comments into the new page.
export async function followInPlace(href, insertPersonal) {
  history.replaceState({ ...history.state, scrolled: scrollY }, "");
  const title = await showPage(href, insertPersonal);
  if (title !== null) {
    history.pushState({ discussion: true }, "", href);
    shownPath = location.pathname + location.search;
    document.title = title;
    document.getElementById("discussion-title").focus();
  }
}

// Handle Back and Forward. Steps between fragments of one page are left to the browser.
export async function goBackInPlace(state, insertPersonal) {
  if (location.pathname + location.search === shownPath) {
    return;
  }
  shownPath = location.pathname + location.search;
  const title = await showPage(location.href, insertPersonal);
  if (title !== null) {
    document.title = title;
    document.getElementById("discussion-title").focus({ preventScroll: true });
    scrollTo({ top: state?.scrolled ?? discussionSection.offsetTop, behavior: "instant" });
  }
}

// Returns the title of the page shown; null if it failed and the browser loads the URL itself.
async function showPage(href, insertPersonal) {
  discussionSection.setAttribute("aria-busy", "true");
  try {
    const signal = AbortSignal.timeout(PAGE_TIMEOUT);
    const response = await fetch(href, { credentials: "same-origin", signal });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const discussion = page.getElementById("discussion");
    if (!response.ok || !discussion || needsArticle(page)) {
      throw new Error(`no page of this discussion at ${href}`);
    }
    replaceDiscussion(discussion);
    if (!discussionSection.querySelector("[data-slot=comments-own]").firstElementChild) {
      await refillSlot("comments-own");
    }
    insertPersonal();
    return page.title;
  } catch {
    location.assign(href);
    return null;
  } finally {
    discussionSection.removeAttribute("aria-busy");
  }
}

// The article's page cannot be shown in place on a page that has only the discussion.
function needsArticle(page) {
  return page.querySelector("article.article") && !document.querySelector("article.article");
}

// Keep a form that is being filled in.
function replaceDiscussion(discussion) {
  rememberPublicDiscussion(discussion);
  const formSlot = discussionSection.querySelector("[data-slot=comment-form]");
  if (formSlot?.querySelector(".comment-form")) {
    discussion.querySelector("[data-slot=comment-form]")?.replaceWith(formSlot);
  }
  discussionSection.replaceChildren(...discussion.childNodes);
}
