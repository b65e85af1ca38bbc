// Submit a form of the discussion in place. A form that the server refuses is shown again with its text;
// after a failed request the text stays in the form with a message that says what to do.

import { storeDraft } from "./drafts.js";
import { bringInStep } from "./in_step.js";
import {
  announce,
  applyRemoval,
  discussionSection,
  focusOn,
  insertAccepted,
  parseFragment,
} from "./insertion.js";

// With this header the server responds with only the form or the comment.
export const FRAGMENT_HEADERS = { "X-Fragment": "comment" };
const SUBMIT_TIMEOUT = 20_000; // milliseconds

// `onReturned(form)` prepares a form that the server returned; `close()` removes the form from the page.
export async function submitForm(form, { onReturned, close }) {
  if (form.getAttribute("aria-busy") === "true") {
    return; // a double click, or a key held down
  }
  form.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(form.action, {
      method: "POST",
      body: new FormData(form),
      headers: FRAGMENT_HEADERS,
      credentials: "same-origin",
      signal: AbortSignal.timeout(SUBMIT_TIMEOUT),
    });
    const html = await response.text();
    const isHandled =
      applyResult(parseFragment(html), form, close) ||
      showReturnedForm(parseFragment(html), form, onReturned);
    if (!isHandled) {
      showError(form, response.redirected ? "403" : response.status);
    }
  } catch (error) {
    showError(form, error.name === "TimeoutError" ? "timeout" : "offline");
  } finally {
    form.removeAttribute("aria-busy");
    bringInStep();
  }
}

// Returns false if the response has no accepted, removed or reported comment.
function applyResult(fragment, form, close) {
  const result = fragment.querySelector("[data-accepted], [data-removed], [data-reported]");
  if (!result) {
    return false;
  }
  if (result.dataset.accepted) {
    storeDraft(form, "");
    removeDraftNotice(form);
    close();
    insertAccepted(result);
  } else if (result.dataset.removed) {
    close();
    applyRemoval(result);
  } else {
    form.replaceWith(result);
    focusOn(result);
    announce(result.textContent.trim());
  }
  return true;
}

// Replace the form by the server's, which holds the error messages. Returns false if the response has no
// form.
function showReturnedForm(fragment, form, onReturned) {
  const returned = fragment.querySelector(".comment-form");
  if (!returned) {
    return false;
  }
  storeDraft(form, ""); // the server has it now, or the returned form stores it, maybe under another key
  if (returned.querySelector("[data-kept]")) {
    removeDraftNotice(form);
  }
  form.replaceWith(returned);
  onReturned(returned);
  const message = returned.querySelector(".form-errors, [data-kept]");
  focusOn(message ?? returned.querySelector("[aria-invalid=true], textarea"));
  return true;
}

// Remove the page's notice of a draft on the server, which is out of date after the submission.
function removeDraftNotice(form) {
  const submission = form.elements.submission?.value;
  discussionSection.querySelector(`[data-kept][data-submission="${CSS.escape(submission ?? "")}"]`)?.remove();
}

// `reason` is the status of the response, "timeout" or "offline".
function showError(form, reason) {
  const messageFor = (name) => discussionSection.getAttribute(`data-say-${name}`);
  form.querySelector(".form-errors")?.remove();
  const errors = document.createElement("div");
  errors.className = "form-errors";
  errors.setAttribute("role", "alert");
  const message = document.createElement("p");
  message.className = "field-error";
  message.textContent = messageFor(reason) ?? messageFor(reason >= 500 ? "500" : "403");
  errors.append(message);
  form.prepend(errors);
}
