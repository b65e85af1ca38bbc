// Sends a form of the discussion from where it stands. What the server refuses comes back in the box, what does not arrive stays in it, and
// the words say what to do.

import { keepDraft } from "./drafts.js";
import { announce, discussionSection, focusOn, fragmentOf, placeAccepted, placeRemoved } from "./insertion.js";

export const AS_FRAGMENT = { "X-Fragment": "comment" }; // the server answers with the form or the comment alone
const PATIENCE = 20_000; // milliseconds that a form waits for its answer

// `again(form)` makes a form live that came back; `close()` takes the form away.
export async function send(form, { again, close }) {
  if (form.getAttribute("aria-busy") === "true") {
    return; // a double click, or a key held down
  }
  form.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      body: new FormData(form),
      headers: AS_FRAGMENT,
      credentials: "same-origin",
      signal: AbortSignal.timeout(PATIENCE),
    });
    const html = await answer.text();
    if (!takeIn(fragmentOf(html), form, close) && !showAgain(fragmentOf(html), form, again)) {
      tell(form, answer.redirected ? "403" : answer.status);
    }
  } catch (problem) {
    tell(form, problem.name === "TimeoutError" ? "timeout" : "offline");
  } finally {
    form.removeAttribute("aria-busy");
  }
}

// What was done. False when nothing was.
function takeIn(answer, form, close) {
  const done = answer.querySelector("[data-accepted], [data-removed], [data-reported]");
  if (!done) {
    return false;
  }
  if (done.dataset.accepted) {
    keepDraft(form, "");
    forgetNote(form);
    close();
    placeAccepted(done);
  } else if (done.dataset.removed) {
    close();
    placeRemoved(done);
  } else {
    form.replaceWith(done);
    focusOn(done);
    announce(done.textContent.trim());
  }
  return true;
}

// The server's form, with its words about what is the matter, in the place of ours. False for an answer without a form.
function showAgain(answer, form, again) {
  const back = answer.querySelector(".comment-form");
  if (!back) {
    return false;
  }
  keepDraft(form, ""); // the server keeps it now, or the form that came back, which may stand for another place
  if (back.querySelector("[data-kept]")) {
    forgetNote(form);
  }
  form.replaceWith(back);
  again(back);
  const told = back.querySelector(".form-errors, [data-kept]");
  focusOn(told ?? back.querySelector("[aria-invalid=true], textarea"));
  return true;
}

// What the page says of a text that was kept on the server is true no more.
function forgetNote(form) {
  const submission = form.elements.submission?.value;
  discussionSection.querySelector(`[data-kept][data-submission="${CSS.escape(submission ?? "")}"]`)?.remove();
}

// `what` is the status of the answer, or why there was none.
function tell(form, what) {
  const words = (name) => discussionSection.getAttribute(`data-say-${name}`);
  form.querySelector(".form-errors")?.remove();
  const errors = document.createElement("div");
  errors.className = "form-errors";
  errors.setAttribute("role", "alert");
  const line = document.createElement("p");
  line.className = "field-error";
  line.textContent = words(what) ?? words(what >= 500 ? "500" : "403");
  errors.append(line);
  form.prepend(errors);
}
