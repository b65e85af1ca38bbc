// The discussion in place. Every link and form here works as a page of its own; this fetches the same form to where the reader is, sends it
// from there and puts the answer in its place. Nothing typed is lost: what the server refuses comes back in the box, what does not arrive stays.

import { barFilled } from "./bar.js";
import { attachCounter } from "./counter.js";
import { draftKey, keepDraft, markSent, readDraft, settleSent } from "./drafts.js";

const AS_FRAGMENT = { "HX-Request": "true" }; // the server answers with the form or the comment alone
const discussionSection = document.getElementById("discussion");

// --- forms, wherever they stand --------------------------------------------------------------------------------------------------------

export function prepareForm(form) {
  const box = form.querySelector("textarea[name=body]");
  const key = draftKey(form);
  if (!box.value.trim()) {
    box.value = readDraft(key);
  }
  attachCounter(form);
  box.addEventListener("input", () => keepDraft(key, box.value));
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
  if (open) {
    open.querySelector("textarea").focus();
    return;
  }
  link.setAttribute("aria-busy", "true");
  try {
    await barFilled;
    const answer = await fetch(link.href, { headers: AS_FRAGMENT, credentials: "same-origin" });
    const form = answer.ok && !answer.redirected ? formIn(await answer.text()) : null;
    if (!form) {
      throw new Error(`no form at ${link.href}`);
    }
    place.append(form);
    settle(form, link);
    form.querySelector("textarea").focus();
  } catch {
    location.assign(link.href);
  } finally {
    link.removeAttribute("aria-busy");
  }
}

// Below the comment that is answered or changed; for a new one, where the invitation stands.
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

function formIn(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content.querySelector(".comment-form");
}

// Make a form live: counter, draft, cancel, sending. `opener` gets the focus back when the form closes.
function settle(form, opener) {
  prepareForm(form);
  opener.hidden = opener.classList.contains("discussion-invite");
  form.querySelector("[data-cancel]").addEventListener("click", (event) => {
    event.preventDefault();
    closeForm(form, opener);
    opener.focus();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form, opener);
  });
}

function closeForm(form, opener) {
  form.remove();
  opener.hidden = false;
}

// --- sending -----------------------------------------------------------------------------------------------------------------------------

async function send(form, opener) {
  if (form.getAttribute("aria-busy") === "true") {
    return; // a double click, or a key held down
  }
  form.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: AS_FRAGMENT, credentials: "same-origin" });
    if (answer.status === 413) {
      tell(form, discussionSection.dataset.tooLarge);
      return;
    }
    const html = await answer.text();
    if (answer.status === 201) {
      keepDraft(draftKey(form), "");
      putInPlace(html, form, opener);
    } else {
      showAgain(html, form, opener);
    }
  } catch {
    tell(form, discussionSection.dataset.offline);
  } finally {
    form.removeAttribute("aria-busy");
  }
}

// The server's form, with its words about what is the matter, in the place of ours. An answer without a form is a fault of the server's.
function showAgain(html, form, opener) {
  const answer = formIn(html);
  if (!answer) {
    tell(form, discussionSection.dataset.offline);
    return;
  }
  if (answer.querySelector("[data-kept]")) {
    keepDraft(draftKey(form), ""); // the server keeps it now
  }
  form.replaceWith(answer);
  settle(answer, opener);
  const told = answer.querySelector(".form-errors, [data-kept]");
  told?.setAttribute("tabindex", "-1");
  (told ?? answer.querySelector("textarea")).focus();
}

function tell(form, message) {
  form.querySelector(".form-errors")?.remove();
  const errors = document.createElement("div");
  errors.className = "form-errors";
  errors.setAttribute("role", "alert");
  const line = document.createElement("p");
  line.className = "field-error";
  line.textContent = message;
  errors.append(line);
  form.prepend(errors);
}

// --- what was accepted -------------------------------------------------------------------------------------------------------------------

function putInPlace(html, form, opener) {
  const template = document.createElement("template");
  template.innerHTML = html;
  const accepted = template.content.querySelector("[data-accepted]");
  const comment = accepted.querySelector(".comment");
  const before = document.getElementById(comment.id);
  closeForm(form, opener);
  if (before) {
    before.replaceWith(comment);
  } else {
    placeComment(comment, accepted.dataset.thread);
  }
  comment.classList.add("comment-new");
  comment.tabIndex = -1;
  comment.focus();
  announce(accepted.dataset.said);
}

// A reply goes below its thread; a comment that begins one goes on top. Where the thread is not on this page, it stands on top too.
function placeComment(comment, thread) {
  const item = document.createElement("li");
  item.append(comment);
  const above = thread && document.getElementById(`comment-${thread}`)?.closest(".thread");
  if (above) {
    listIn(above, ":scope > .replies", "replies").append(item);
  } else {
    item.className = "thread";
    listIn(discussionSection, ":scope > .threads", "threads").prepend(item);
  }
}

function listIn(parent, selector, name) {
  const found = parent.querySelector(selector);
  if (found) {
    return found;
  }
  const list = document.createElement("ol");
  list.className = name;
  parent.append(list);
  return list;
}

function announce(message) {
  let place = discussionSection.querySelector(":scope > [role=status]");
  if (!place) {
    place = document.createElement("p");
    place.className = "visually-hidden";
    place.setAttribute("role", "status");
    discussionSection.append(place);
  }
  place.textContent = message;
}

// --- what is only this reader's (comes with the bar) -------------------------------------------------------------------------------------

function placeOwnComments() {
  // The newest comes first among threads, and last among replies.
  for (const item of [...discussionSection.querySelectorAll("[data-slot=comments-own] [data-own]")].reverse()) {
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

if (discussionSection) {
  discussionSection.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-comment-form]");
    if (link && !event.defaultPrevented && event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey)) {
      event.preventDefault();
      openForm(link);
    }
  });
  document.addEventListener("ictiger:bar", placeOwnComments);
} else {
  for (const form of document.querySelectorAll(".comment-form")) {
    prepareForm(form);
    form.addEventListener("submit", () => markSent(draftKey(form)));
  }
}
settleSent();
