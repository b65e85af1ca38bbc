// The moderation queue in place: decisions without leaving the page, keyboard shortcuts, and claims, which
// show who is looking at which comment. Without this script every form posts, and the page comes back with a
// message.

const RENEW_CLAIM = 30_000; // milliseconds; a claim expires after three minutes (comments/services/claims.py)
const DWELL = 700; // milliseconds on a comment before it is claimed: moving past it does not claim it
const SHORTCUTS_KEY = "desk-keys"; // in localStorage, as moderators have it
// A comment's decisions are disabled while another moderator has claimed it.
const UNCLAIMED = "[data-desk-decide]:not([disabled])";

const list = document.querySelector("[data-desk-rows]");
const statusLine = document.querySelector("[data-desk-said]");
const failureMessage = document.querySelector("[data-desk-failed]");
const dialog = document.querySelector("[data-desk-dialog]");
const isSingleComment = list?.dataset.deskRows === "one"; // the page of one comment
const submitting = new WeakSet();
let claimedId = null; // of the comment that this page has claimed
let dwellTimer = 0;

const rows = () => [...list.querySelectorAll("[data-row]")];
const currentRow = () => document.activeElement?.closest("[data-row]") ?? null;

function announce(text) {
  statusLine.textContent = "";
  requestAnimationFrame(() => (statusLine.textContent = text));
}

// --- requests ----------------------------------------------------------------------------------------------

/** A request without a usable response. `message` is "session", "fault" or "offline". */
class RequestFailed extends Error {}

async function post(url, fields) {
  fields.set("csrfmiddlewaretoken", csrfToken());
  const options = { method: "POST", body: fields, headers: { "X-Fragment": "row" } };
  const response = await fetch(url, options).catch(() => {
    throw new RequestFailed("offline");
  });
  if (response.headers.get("Content-Type")?.includes("json")) return response.json();
  throw new RequestFailed(response.redirected ? "session" : "fault");
}

/** The token from the cookie, because logging in again in another tab makes the token in this page invalid. */
function csrfToken() {
  const [, token] = /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie) ?? [];
  return token ?? document.querySelector("[name=csrfmiddlewaretoken]").value;
}

/** Replace `row` by `html`. Returns the new row; null if the comment no longer exists. */
function replaceRow(row, html) {
  const item = row.closest("li");
  const template = document.createElement("template");
  template.innerHTML = html;
  const newRow = template.content.querySelector("[data-row]");
  if (newRow) item.replaceChildren(...template.content.firstElementChild.childNodes);
  else item.remove();
  return newRow && item.querySelector("[data-row]");
}

/** The row to continue with: the next one, else the one before. */
function neighbourOf(row) {
  const all = rows();
  const index = all.indexOf(row);
  return all[index + 1] ?? all[index - 1] ?? null;
}

async function submitForm(form, submitter) {
  if (submitting.has(form)) return;
  submitting.add(form);
  const row = form.closest("[data-row]");
  try {
    showResult(row, await post(form.action, new FormData(form, submitter)));
    failureMessage.hidden = true;
  } catch (error) {
    if (!(error instanceof RequestFailed)) throw error;
    showFailure(form, error.message);
  } finally {
    submitting.delete(form);
  }
}

/** Show the message in the form, whose fields stay as they were filled in. */
function showFailure(form, reason) {
  failureMessage.textContent = failureMessage.getAttribute(`data-say-${reason}`);
  failureMessage.hidden = false;
  form.append(failureMessage);
}

function showResult(formRow, result) {
  const row = formRow ?? list.querySelector(`[data-row="${result.pk}"]`);
  announce(result.said);
  if (!row) {
    if (result.done) location.reload(); // an undone comment belongs on another page, or was here before
    return;
  }
  const nextRow = result.done && !result.stays ? neighbourOf(row) : null;
  if (nextRow) claimedId = null; // the decision has ended the claim
  if (row.contains(failureMessage)) document.querySelector(".desk-tools").append(failureMessage);
  const oldState = row.dataset.state;
  const newRow = replaceRow(row, result.row);
  if (result.done) updateCounts(oldState, newRow?.dataset.state);
  if (newRow) addNote(newRow, result);
  focusRow(nextRow ?? newRow ?? rows()[0]);
  if (!result.done) {
    newRow?.querySelector(`${UNCLAIMED} details[open] :is(textarea, input[type=text])`)?.focus();
  }
}

/** Show the result in the row; a refusal, in the open form whose fields need another value. */
function addNote(row, result) {
  const note = document.createElement("p");
  note.className = result.done ? "desk-note" : "desk-note errornote";
  note.textContent = result.said;
  const form = result.done ? null : row.querySelector(`${UNCLAIMED} details[open] form`);
  if (form) form.append(note);
  else row.prepend(note);
}

/** Update the counts above the queue. One that reads "more than …" stays true, and stays. */
function updateCounts(oldState, newState) {
  for (const [state, difference] of [[oldState, -1], [newState, 1]]) {
    const count = oldState === newState ? null : document.querySelector(`[data-desk-number="${state}"]`);
    if (/^\d+$/.test(count?.textContent)) count.textContent = Number(count.textContent) + difference;
  }
}

// --- claims ------------------------------------------------------------------------------------------------

function claimFields(values) {
  const fields = new FormData();
  fields.set("csrfmiddlewaretoken", csrfToken()); // for sendBeacon, which does not go through post()
  fields.set("shown", rows().map((row) => row.dataset.row).join(","));
  for (const [name, value] of Object.entries(values)) if (value) fields.set(name, value);
  return fields;
}

const claimsUrl = () => document.querySelector("[data-desk-claim]")?.action;

async function sendClaims(values) {
  if (!claimsUrl()) return;
  try {
    const { claims } = await post(claimsUrl(), claimFields(values));
    if (claims) for (const row of rows()) showClaim(row, claims[row.dataset.row]);
  } catch {
    // Offline. The server refuses a decision if another moderator was first.
  }
}

/** `claimant` is the name of the other moderator who has claimed the comment; undefined if there is none. */
function showClaim(row, claimant) {
  const form = row.querySelector("[data-desk-claim]");
  const message = form.querySelector("[data-words-claimed]");
  form.hidden = !claimant;
  message.textContent = claimant ? message.dataset.wordsClaimed.replace("{who}", claimant) : "";
  row.querySelector("[data-desk-decide]").disabled = Boolean(claimant);
  row.classList.toggle("desk-row-claimed", Boolean(claimant));
}

function claimAfterDwell(row) {
  clearTimeout(dwellTimer);
  if (!row || row.dataset.row === claimedId) return;
  dwellTimer = setTimeout(() => {
    const previousId = claimedId;
    claimedId = row.dataset.row;
    sendClaims({ hold: claimedId, release: previousId });
  }, DWELL);
}

function releaseClaim() {
  clearTimeout(dwellTimer);
  if (claimedId && claimsUrl()) navigator.sendBeacon(claimsUrl(), claimFields({ release: claimedId }));
  claimedId = null;
}

// --- keyboard shortcuts ------------------------------------------------------------------------------------

function focusRow(row) {
  if (!row) return;
  row.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

function moveFocus(offset) {
  const all = rows();
  const index = all.indexOf(currentRow());
  const firstOrLast = offset > 0 ? 0 : all.length - 1;
  focusRow(all[index < 0 ? firstOrLast : Math.min(Math.max(index + offset, 0), all.length - 1)]);
}

function clickInRow(selector) {
  currentRow()?.querySelector(`${UNCLAIMED} ${selector}`)?.click();
}

function openReasons(action) {
  const row = currentRow();
  const details = row?.querySelector(`${UNCLAIMED} [data-desk-open="${action}"]`);
  if (!details) return;
  for (const other of row.querySelectorAll("[data-desk-open][open]")) other.open = other === details;
  details.open = true;
  details.querySelector("input[type=radio]").focus();
}

/** Choose the reason number `digit` of the open form. Returns false if there is none. */
function chooseReason(digit) {
  const radios = currentRow()?.querySelectorAll("[data-desk-open][open] input[type=radio]") ?? [];
  const radio = radios[digit - 1];
  if (!radio) return false;
  radio.checked = true;
  radio.focus();
  radio.dispatchEvent(new Event("change", { bubbles: true }));
  return true;
}

const SHORTCUTS = {
  j: () => moveFocus(1),
  k: () => moveFocus(-1),
  a: () => clickInRow('[data-desk-form="approve"] button'),
  r: () => openReasons("reject"),
  x: () => openReasons("remove"),
  u: () => document.querySelector('.desk-tools [data-desk-form="undo"] button').click(),
  "?": () => dialog.showModal(),
};

function isTyping(target) {
  const textFields = "textarea, select, input:not([type=radio], [type=checkbox])";
  return target.isContentEditable || target.closest(textFields) !== null;
}

function areShortcutsOn() {
  try {
    return localStorage.getItem(SHORTCUTS_KEY) !== "off";
  } catch {
    return true;
  }
}

function onKeydown(event) {
  // While an input method composes, keys belong to it (older browsers report key code 229 then).
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.keyCode === 229) return;
  if (dialog.open) return;
  if (event.key === "Escape") return closeReasons();
  if (isTyping(event.target)) return;
  if (!areShortcutsOn() || event.repeat && !"jk".includes(event.key)) return;
  if (/^[1-9]$/.test(event.key)) {
    if (chooseReason(Number(event.key))) event.preventDefault();
  } else if (Object.hasOwn(SHORTCUTS, event.key)) {
    event.preventDefault();
    SHORTCUTS[event.key]();
  }
}

function closeReasons() {
  const details = document.activeElement?.closest("details[open]");
  if (!details || !list.contains(details)) return;
  details.open = false;
  focusRow(details.closest("[data-row]"));
}

/** Put the chosen reason's text into the field, unless the moderator has written another text. */
function fillInReason(radio) {
  const field = radio.form.elements.note;
  if (field.value === "" || field.value === field.dataset.given) {
    field.value = field.dataset.given = radio.dataset.told;
  }
}

// --- start -------------------------------------------------------------------------------------------------

/** Select only the comments on this page: nobody decides about comments they have not seen. */
function enableSelectAll() {
  const label = document.querySelector("[data-desk-select]");
  if (!label) return;
  label.hidden = false;
  label.addEventListener("change", (event) => {
    for (const checkbox of list.querySelectorAll("input.action-select")) {
      checkbox.checked = event.target.checked;
    }
  });
}

function enableShortcuts() {
  for (const button of document.querySelectorAll("[data-desk-keys]")) {
    button.hidden = false;
    button.addEventListener("click", () => dialog.showModal());
  }
  const checkbox = dialog.querySelector("[data-desk-switch]");
  checkbox.checked = areShortcutsOn();
  checkbox.addEventListener("change", () => {
    try {
      localStorage.setItem(SHORTCUTS_KEY, checkbox.checked ? "on" : "off");
    } catch {
      // Storage is forbidden: the setting stays as it is.
    }
  });
  document.addEventListener("keydown", onKeydown);
}

function onSubmit(event) {
  if (isSingleComment) return; // the comment's history is shown below it: load the whole page
  if (event.target.matches("[data-desk-form]")) {
    event.preventDefault();
    submitForm(event.target, event.submitter);
  } else if (event.target.matches("[data-desk-claim]")) {
    event.preventDefault();
    const row = event.target.closest("[data-row]");
    claimedId = row.dataset.row;
    sendClaims({ hold: claimedId, take_over: "1" }).then(() => focusRow(row));
  }
}

function start() {
  enableSelectAll();
  enableShortcuts();
  if (isSingleComment) claimedId = rows()[0].dataset.row; // the server has claimed it for this page
  document.addEventListener("submit", onSubmit);
  list.addEventListener("change", (event) => {
    if (event.target.matches("input[type=radio][data-told]")) fillInReason(event.target);
  });
  list.addEventListener("focusin", (event) => claimAfterDwell(event.target.closest("[data-row]")));
  addEventListener("pagehide", releaseClaim);
  setInterval(() => document.visibilityState === "visible" && sendClaims({ hold: claimedId }), RENEW_CLAIM);
}

if (list && statusLine && dialog) start();
