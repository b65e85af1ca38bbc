// The discussion in place. Every link and form here works as a page of its own; this fetches the same form to where the reader is, sends it
// from there and puts the answer in its place. Nothing typed is lost: what the server refuses comes back in the box, what does not arrive stays.

import { barFilled } from "./personal_bar.js";
import { attachCounter } from "./words_left.js";
import { keepDraft, markSent, restoreDraft, settleSent } from "./drafts.js";
import { discussionSection, fragmentOf, listIn } from "./insertion.js";
import { AS_FRAGMENT, send } from "./submit.js";
import { followInPlace, goBackInPlace } from "./discussion_pages.js";

const TURNS_PAGES = ".pagination a, .discussion-views a";

// --- forms, wherever they stand --------------------------------------------------------------------------------------------------------

export function prepareForm(form) {
  const box = form.querySelector("textarea[name=body]");
  if (!box) {
    return; // it asks, or reports: nothing to count or to keep
  }
  if ("answered" in form.dataset) {
    keepDraft(form, box.value);
  }
  restoreDraft(form);
  attachCounter(form);
  box.addEventListener("input", () => keepDraft(form, box.value));
  box.addEventListener("keydown", (event) => {
    // While an input method composes, Enter belongs to it (229 is what older browsers say then).
    const composing = event.isComposing || event.keyCode === 229;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !composing) {
      event.preventDefault();
      form.requestSubmit(form.querySelector("button:not([type=button])"));
    }
  });
}

// --- opening -----------------------------------------------------------------------------------------------------------------------------

async function openForm(link) {
  const place = placeFor(link);
  const open = place.querySelector(".comment-form");
  if (open?.dataset.opener === link.href) {
    focusIn(open);
    return;
  }
  link.setAttribute("aria-busy", "true");
  try {
    await barFilled;
    const answer = await fetch(link.href, { headers: AS_FRAGMENT, credentials: "same-origin" });
    const form = answer.ok && !answer.redirected ? fragmentOf(await answer.text()).querySelector(".comment-form") : null;
    if (!form) {
      throw new Error(`no form at ${link.href}`);
    }
    open?.remove();
    place.append(form);
    settle(form, link);
    focusIn(form);
  } catch {
    location.assign(link.href);
  } finally {
    link.removeAttribute("aria-busy");
  }
}

// The box to write in, the question to answer, or what asks it.
function focusIn(form) {
  form.querySelector("textarea[name=body], input[type=radio], select, [tabindex]").focus();
}

// Below the comment that is answered, changed, removed or reported; for a new one, where the invitation stands.
function placeFor(link) {
  const comment = link.closest(".comment");
  if (!comment) {
    return link.closest("[data-slot]") ?? discussionSection;
  }
  let place = comment.querySelector(":scope > .comment-form-place");
  if (!place) {
    place = document.createElement("div");
    place.className = "comment-form-place";
    comment.append(place);
  }
  return place;
}

// Make a form live: counter, draft, cancel, sending. `opener` gets the focus back when the form closes.
function settle(form, opener) {
  prepareForm(form);
  form.dataset.opener = opener.href;
  opener.hidden = opener.classList.contains("discussion-invite");
  const close = () => {
    form.remove();
    opener.hidden = false;
  };
  const cancel = (event) => {
    event.preventDefault();
    close();
    opener.focus();
  };
  form.querySelector("[data-cancel]").addEventListener("click", cancel);
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.isComposing && !form.querySelector("textarea[name=body]")) {
      cancel(event);
    }
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form, { again: (back) => settle(back, opener), close });
  });
}

// --- what is only this reader's (comes with the bar, or with the page) -------------------------------------------------------------------

function placeOwnComments() {
  // The newest comes first among threads, and last among replies.
  for (const item of [...discussionSection.querySelectorAll("[data-slot=comments-own] [data-own]")].reverse()) {
    const place = discussionSection.querySelector(`.comment-gone#comment-${item.dataset.own}`);
    if (place) {
      place.replaceWith(item.querySelector(".comment")); // others have answered it: to them a line stands here
      item.remove();
      continue;
    }
    const above = item.dataset.thread && document.getElementById(`comment-${item.dataset.thread}`)?.closest(".thread");
    if (above) {
      item.classList.remove("thread");
      listIn(above, ":scope > .replies", "replies").append(item);
    }
  }
  for (const item of discussionSection.querySelectorAll("[data-slot=comments-own] [data-own-visible]")) {
    item.remove();
    const shown = document.getElementById(`comment-${item.dataset.ownVisible}`);
    if (shown) {
      shown.classList.add("comment-own");
      shown.querySelector(".comment-report")?.remove();
      shown.querySelector(".comment-actions")?.append(...item.querySelectorAll(".comment-actions > *"));
    }
  }
}

// --- links into the discussion -----------------------------------------------------------------------------------------------------------

// A comment that the address names may be folded away, or stand on another page by now.
async function findNamedComment() {
  const [, number] = /^#comment-(\d+)$/.exec(location.hash) ?? [];
  if (!number) {
    return;
  }
  await barFilled;
  const aim = document.getElementById(`comment-${number}`);
  if (aim) {
    unfold(aim);
    return;
  }
  const permalink = discussionSection.dataset.permalink.replace("/0/", `/${number}/`);
  const answer = await fetch(permalink, { method: "HEAD", credentials: "same-origin" }).catch(() => null);
  if (answer?.ok && new URL(answer.url).pathname !== location.pathname) {
    location.replace(permalink);
  }
}

// Browsers that follow the standard have done so already.
function unfold(aim) {
  const folded = aim.closest("details:not([open])");
  if (folded) {
    folded.open = true;
    aim.scrollIntoView();
  }
}

function isPlainClick(event) {
  return !event.defaultPrevented && event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
}

if (discussionSection) {
  discussionSection.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link || !isPlainClick(event)) {
      return;
    }
    if (link.matches("[data-comment-form]")) {
      event.preventDefault();
      openForm(link);
    } else if (link.matches(TURNS_PAGES)) {
      event.preventDefault();
      followInPlace(link.href, placeOwnComments);
    }
  });
  addEventListener("popstate", (event) => goBackInPlace(event.state, placeOwnComments));
  addEventListener("hashchange", findNamedComment);
  document.addEventListener("ictiger:bar", placeOwnComments);
  placeOwnComments();
  findNamedComment();
} else {
  for (const form of document.querySelectorAll(".comment-form")) {
    prepareForm(form);
    form.addEventListener("submit", () => markSent(form));
  }
}
settleSent();
