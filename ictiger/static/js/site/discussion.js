// The discussion in place. Every link and form of it also works as a page of its own. This module fetches the
// form to the place where the reader is, submits it there and shows the result. The text is never lost: a
// refused form comes back with it, and after a failed request it stays in the form.

import { barFilled, publicBar } from "./personal_bar.js";
import { bringInStep } from "./in_step.js";
import { attachWordCounter } from "./words_left.js";
import { deleteSentDraft, forgetEdit, markSent, restoreDraft, storeDraft } from "./drafts.js";
import { childList, discussionSection, parseFragment, rememberPublicDiscussion } from "./insertion.js";
import { FRAGMENT_HEADERS, submitForm } from "./submit.js";
import { followInPlace, goBackInPlace } from "./discussion_pages.js";

const PAGE_LINKS = ".pagination a, .discussion-views a";

// --- forms, in place and on pages of their own -------------------------------------------------------------

export function prepareForm(form) {
  const textarea = form.querySelector("textarea[name=body]");
  if (!textarea) {
    return; // a form that removes or reports a comment: nothing to count or to store
  }
  if ("answered" in form.dataset) {
    storeDraft(form, textarea.value);
  }
  restoreDraft(form);
  attachWordCounter(form);
  textarea.addEventListener("input", () => storeDraft(form, textarea.value));
  form.querySelector("[data-cancel]").addEventListener("click", () => forgetEdit(form));
  textarea.addEventListener("keydown", (event) => {
    // While an input method composes, Enter belongs to it (older browsers report key code 229 then).
    const isComposing = event.isComposing || event.keyCode === 229;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !isComposing) {
      event.preventDefault();
      form.requestSubmit(form.querySelector("button:not([type=button])"));
    }
  });
}

// --- opening a form in place -------------------------------------------------------------------------------

async function openForm(link) {
  const container = formContainer(link);
  const openedForm = container.querySelector(".comment-form");
  if (openedForm?.dataset.opener === link.href) {
    focusFirstField(openedForm);
    return;
  }
  link.setAttribute("aria-busy", "true");
  try {
    await barFilled;
    const form = await fetchForm(link.href);
    openedForm?.remove();
    container.append(form);
    activateForm(form, link);
    focusFirstField(form);
    bringInStep();
  } catch {
    location.assign(link.href);
  } finally {
    link.removeAttribute("aria-busy");
  }
}

async function fetchForm(url) {
  const response = await fetch(url, { headers: FRAGMENT_HEADERS, credentials: "same-origin" });
  const html = response.ok && !response.redirected ? await response.text() : "";
  const form = parseFragment(html).querySelector(".comment-form");
  if (!form) {
    throw new Error(`no form at ${url}`);
  }
  return form;
}

// The textarea, a field of another form, or the focusable element that holds its question.
function focusFirstField(form) {
  form.querySelector("textarea[name=body], input[type=radio], select, [tabindex]").focus();
}

// Below the comment that is replied to, edited, removed or reported; for a new comment, beside the
// invitation.
function formContainer(link) {
  const comment = link.closest(".comment");
  if (!comment) {
    return link.closest("[data-slot]") ?? discussionSection;
  }
  let container = comment.querySelector(":scope > .comment-form-place");
  if (!container) {
    container = document.createElement("div");
    container.className = "comment-form-place";
    comment.append(container);
  }
  return container;
}

// Attach the counter, the draft, cancelling and submitting. `opener` gets the focus back when the form is
// closed.
function activateForm(form, opener) {
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
    submitForm(form, { onReturned: (returned) => activateForm(returned, opener), close });
  });
}

// --- the reader's comments, which arrive with the personal bar or with the page ----------------------------

function insertOwnComments() {
  // Threads are listed newest first and replies newest last: hence the reversed order.
  const items = [...discussionSection.querySelectorAll("[data-slot=comments-own] [data-own]")].reverse();
  for (const item of items) {
    const placeholder = discussionSection.querySelector(`.comment-gone#comment-${item.dataset.own}`);
    if (placeholder) {
      placeholder.replaceWith(item.querySelector(".comment")); // others see the placeholder above its replies
      item.remove();
      continue;
    }
    const thread =
      item.dataset.thread && document.getElementById(`comment-${item.dataset.thread}`)?.closest(".thread");
    if (thread) {
      item.classList.remove("thread");
      childList(thread, ":scope > .replies", "replies").append(item);
    }
  }
  for (const item of discussionSection.querySelectorAll("[data-slot=comments-own] [data-own-visible]")) {
    item.remove();
    addOwnActions(document.getElementById(`comment-${item.dataset.ownVisible}`), item);
  }
}

// Mark a public comment as the reader's and give it the author's actions, once: two responses may bring them.
function addOwnActions(comment, item) {
  if (comment && !comment.classList.contains("comment-own")) {
    comment.classList.add("comment-own");
    comment.querySelector(".comment-report")?.remove();
    comment.querySelector(".comment-actions")?.append(...item.querySelectorAll(".comment-actions > *"));
  }
}

// --- links into the discussion -----------------------------------------------------------------------------

// Show the comment that the URL's fragment names. It may be in closed <details>, or have moved to another
// page.
async function showLinkedComment() {
  const [, id] = /^#comment-(\d+)$/.exec(location.hash) ?? [];
  if (!id) {
    return;
  }
  await barFilled;
  const comment = document.getElementById(`comment-${id}`);
  if (comment) {
    unfold(comment);
    return;
  }
  const permalink = discussionSection.dataset.permalink.replace("/0/", `/${id}/`);
  const response = await fetch(permalink, { method: "HEAD", credentials: "same-origin" }).catch(() => null);
  if (response?.ok && new URL(response.url).pathname !== location.pathname) {
    location.replace(permalink);
  }
}

// Browsers that follow the HTML standard have opened the <details> already.
function unfold(comment) {
  const details = comment.closest("details:not([open])");
  if (details) {
    details.open = true;
    comment.scrollIntoView();
  }
}

function isPlainClick(event) {
  const hasModifier = event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
  return !event.defaultPrevented && event.button === 0 && !hasModifier;
}

if (discussionSection) {
  if (publicBar) {
    rememberPublicDiscussion(discussionSection);
  }
  discussionSection.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link || !isPlainClick(event)) {
      return;
    }
    if (link.matches("[data-comment-form]")) {
      event.preventDefault();
      openForm(link);
    } else if (link.matches(PAGE_LINKS)) {
      event.preventDefault();
      followInPlace(link.href, insertOwnComments);
    }
  });
  addEventListener("popstate", (event) => goBackInPlace(event.state, insertOwnComments));
  addEventListener("hashchange", showLinkedComment);
  document.addEventListener("ictiger:bar", insertOwnComments);
  insertOwnComments();
  showLinkedComment();
} else {
  for (const form of document.querySelectorAll(".comment-form")) {
    prepareForm(form);
    form.addEventListener("submit", () => markSent(form));
  }
}
deleteSentDraft();
