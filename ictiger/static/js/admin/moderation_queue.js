// The moderators' queue in place: decisions without leaving the page, single keys, and who is looking at which comment.
// Without this script every form posts and the page comes back with a message.

const RENEW = 30_000; // ms: claims last three minutes (comments/services/claiming.py), and others' are shown anew as often
const DWELL = 700; // ms on a comment before it counts as being looked at: passing by is no claim
const SWITCH = "desk-keys";
const MAY_DECIDE = "[data-desk-decide]:not([disabled])"; // nobody else is looking at it

const list = document.querySelector("[data-desk-rows]");
const said = document.querySelector("[data-desk-said]");
const failed = document.querySelector("[data-desk-failed]");
const dialog = document.querySelector("[data-desk-dialog]");
const isAlone = list?.dataset.deskRows === "one"; // the page of one comment
const busy = new WeakSet();
let held = null; // the id of the comment this page has claimed
let dwelling = 0;

const rows = () => [...list.querySelectorAll("[data-row]")];
const current = () => document.activeElement?.closest("[data-row]") ?? null;

function say(text) {
  said.textContent = "";
  requestAnimationFrame(() => (said.textContent = text));
}

// --- asking the desk ---------------------------------------------------------------------------------------------------------------

/** Why the desk did not answer: "session", "fault" or "offline", each with words of its own. */
class NoAnswer extends Error {}

async function ask(url, fields) {
  fields.set("csrfmiddlewaretoken", token());
  const answer = await fetch(url, { method: "POST", body: fields, headers: { "X-Fragment": "row" } }).catch(() => {
    throw new NoAnswer("offline");
  });
  if (answer.headers.get("Content-Type")?.includes("json")) return answer.json();
  throw new NoAnswer(answer.redirected ? "session" : "fault");
}

/** That of now: whoever has logged in again in another tab has another than this page was made with. */
function token() {
  const [, known] = /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie) ?? [];
  return known ?? document.querySelector("[name=csrfmiddlewaretoken]").value;
}

/** Put the row as it is now in the place of the old one. Returns it; null when the comment is gone. */
function replace(row, html) {
  const holder = row.closest("li");
  const made = document.createElement("template");
  made.innerHTML = html;
  const fresh = made.content.querySelector("[data-row]");
  if (fresh) holder.replaceChildren(...made.content.firstElementChild.childNodes);
  else holder.remove();
  return fresh && holder.querySelector("[data-row]");
}

/** The row to go on with: the next that waits, else the one before. */
function neighbour(row) {
  const all = rows();
  const at = all.indexOf(row);
  return all[at + 1] ?? all[at - 1] ?? null;
}

async function send(form, submitter) {
  if (busy.has(form)) return;
  busy.add(form);
  const row = form.closest("[data-row]");
  try {
    show(row, await ask(form.action, new FormData(form, submitter)));
    failed.hidden = true;
  } catch (problem) {
    if (!(problem instanceof NoAnswer)) throw problem;
    tellFailure(form, problem.message);
  } finally {
    busy.delete(form);
  }
}

/** Beside the button that was pressed, with everything still as it was typed. */
function tellFailure(form, why) {
  failed.textContent = failed.getAttribute(`data-say-${why}`);
  failed.hidden = false;
  form.append(failed);
}

function show(row, answer) {
  const shown = row ?? list.querySelector(`[data-row="${answer.pk}"]`);
  say(answer.said);
  if (!shown) {
    if (answer.done) location.reload(); // what was taken back stands on another page, or stood here before
    return;
  }
  const next = answer.done && !answer.stays ? neighbour(shown) : null;
  if (next) held = null; // the decision has ended the claim
  if (shown.contains(failed)) document.querySelector(".desk-tools").append(failed);
  const before = shown.dataset.state;
  const fresh = replace(shown, answer.row);
  if (answer.done) count(before, fresh?.dataset.state);
  if (fresh) note(fresh, answer);
  focusOn(next ?? fresh ?? rows()[0]);
  if (!answer.done) fresh?.querySelector(`${MAY_DECIDE} details[open] :is(textarea, input[type=text])`)?.focus();
}

/** What came of it: in the row, or beside the boxes that are still to be filled in. */
function note(row, answer) {
  const line = document.createElement("p");
  line.className = answer.done ? "desk-note" : "desk-note errornote";
  line.textContent = answer.said;
  const form = answer.done ? null : row.querySelector(`${MAY_DECIDE} details[open] form`);
  if (form) form.append(line);
  else row.prepend(line);
}

/** The figures above the queue go along with what is decided here; one that says "more than" stays as true as it was. */
function count(before, after) {
  for (const [state, by] of [[before, -1], [after, 1]]) {
    const figure = before === after ? null : document.querySelector(`[data-desk-number="${state}"]`);
    if (/^\d+$/.test(figure?.textContent)) figure.textContent = Number(figure.textContent) + by;
  }
}

// --- who is looking at what --------------------------------------------------------------------------------------------------------

function claimFields(extra) {
  const fields = new FormData();
  fields.set("csrfmiddlewaretoken", token()); // a beacon goes without asking
  fields.set("shown", rows().map((row) => row.dataset.row).join(","));
  for (const [name, value] of Object.entries(extra)) if (value) fields.set(name, value);
  return fields;
}

const claimsUrl = () => document.querySelector("[data-desk-claim]")?.action;

async function tellClaims(extra) {
  if (!claimsUrl()) return;
  try {
    const answer = await ask(claimsUrl(), claimFields(extra));
    if (answer.claims) for (const row of rows()) markClaim(row, answer.claims[row.dataset.row]);
  } catch {
    // The line is down: decisions are refused by the desk itself where somebody else was first.
  }
}

function markClaim(row, who) {
  const form = row.querySelector("[data-desk-claim]");
  const words = form.querySelector("[data-words-claimed]");
  form.hidden = !who;
  words.textContent = who ? words.dataset.wordsClaimed.replace("{who}", who) : "";
  row.querySelector("[data-desk-decide]").disabled = Boolean(who);
  row.classList.toggle("desk-row-claimed", Boolean(who));
}

function lookAt(row) {
  clearTimeout(dwelling);
  if (!row || row.dataset.row === held) return;
  dwelling = setTimeout(() => {
    const before = held;
    held = row.dataset.row;
    tellClaims({ hold: held, release: before });
  }, DWELL);
}

function leave() {
  clearTimeout(dwelling);
  if (held && claimsUrl()) navigator.sendBeacon(claimsUrl(), claimFields({ release: held }));
  held = null;
}

// --- keys --------------------------------------------------------------------------------------------------------------------------

function focusOn(row) {
  if (!row) return;
  row.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const all = rows();
  const at = all.indexOf(current());
  focusOn(at < 0 ? all[by > 0 ? 0 : all.length - 1] : all[Math.min(Math.max(at + by, 0), all.length - 1)]);
}

function press(selector) {
  const button = current()?.querySelector(`${MAY_DECIDE} ${selector}`);
  button?.click();
}

function open(verb) {
  const row = current();
  const details = row?.querySelector(`${MAY_DECIDE} [data-desk-open="${verb}"]`);
  if (!details) return;
  for (const other of row.querySelectorAll("[data-desk-open][open]")) other.open = other === details;
  details.open = true;
  details.querySelector("input[type=radio]").focus();
}

function choose(digit) {
  const reasons = current()?.querySelectorAll("[data-desk-open][open] input[type=radio]") ?? [];
  const reason = reasons[digit - 1];
  if (!reason) return false;
  reason.checked = true;
  reason.focus();
  reason.dispatchEvent(new Event("change", { bubbles: true }));
  return true;
}

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  a: () => press('[data-desk-form="approve"] button'),
  r: () => open("reject"),
  x: () => open("remove"),
  u: () => document.querySelector('.desk-tools [data-desk-form="undo"] button').click(),
  "?": () => dialog.showModal(),
};

function isTyping(target) {
  return target.isContentEditable || target.closest("textarea, select, input:not([type=radio], [type=checkbox])") !== null;
}

function areKeysOn() {
  try {
    return localStorage.getItem(SWITCH) !== "off";
  } catch {
    return true;
  }
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.keyCode === 229) return;
  if (dialog.open) return;
  if (event.key === "Escape") return closeReasons();
  if (isTyping(event.target)) return;
  if (!areKeysOn() || event.repeat && !"jk".includes(event.key)) return;
  if (/^[1-9]$/.test(event.key)) {
    if (choose(Number(event.key))) event.preventDefault();
  } else if (Object.hasOwn(KEYS, event.key)) {
    event.preventDefault();
    KEYS[event.key]();
  }
}

function closeReasons() {
  const details = document.activeElement?.closest("details[open]");
  if (!details || !list.contains(details)) return;
  details.open = false;
  focusOn(details.closest("[data-row]"));
}

/** The reason's words stand in the box to be changed, unless the moderator has written others. */
function fillWords(radio) {
  const box = radio.form.elements.note;
  if (box.value === "" || box.value === box.dataset.given) box.value = box.dataset.given = radio.dataset.told;
}

/** All that is in view, and nothing that is not: nobody decides about what they have not seen. */
function offerToSelectAll() {
  const choice = document.querySelector("[data-desk-select]");
  if (!choice) return;
  choice.hidden = false;
  choice.addEventListener("change", (event) => {
    for (const box of list.querySelectorAll("input.action-select")) box.checked = event.target.checked;
  });
}

function start() {
  offerToSelectAll();
  for (const button of document.querySelectorAll("[data-desk-keys]")) {
    button.hidden = false;
    button.addEventListener("click", () => dialog.showModal());
  }
  const toggle = dialog.querySelector("[data-desk-switch]");
  toggle.checked = areKeysOn();
  toggle.addEventListener("change", () => {
    try {
      localStorage.setItem(SWITCH, toggle.checked ? "on" : "off");
    } catch {
      // The browser keeps nothing: the keys stay as they are.
    }
  });
  document.addEventListener("keydown", onKey);
  if (isAlone) held = rows()[0].dataset.row; // the page has claimed it
  document.addEventListener("submit", (event) => {
    if (isAlone) return; // below the comment stands its history: the page comes back with it
    if (event.target.matches("[data-desk-form]")) {
      event.preventDefault();
      send(event.target, event.submitter);
    } else if (event.target.matches("[data-desk-claim]")) {
      event.preventDefault();
      const row = event.target.closest("[data-row]");
      held = row.dataset.row;
      tellClaims({ hold: held, take_over: "1" }).then(() => focusOn(row));
    }
  });
  list.addEventListener("change", (event) => {
    if (event.target.matches("input[type=radio][data-told]")) fillWords(event.target);
  });
  list.addEventListener("focusin", (event) => lookAt(event.target.closest("[data-row]")));
  addEventListener("pagehide", leave);
  setInterval(() => document.visibilityState === "visible" && tellClaims({ hold: held }), RENEW);
}

if (list && said && dialog) start();
