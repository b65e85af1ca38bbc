// The banner of an unconfirmed address, made quick: buttons answer in place, seconds are counted down, and it goes by itself once the
// address is confirmed, here or elsewhere. Without this script the same forms lead to the same page.

const ASK_SOON = 5_000; // ms between two looks at the server, while the mail is news
const ASK_LATER = 30_000;
const NEWS_FOR = 120_000;
const LOOK_AT_COOKIE = 1_000; // costs nothing: this browser's own confirmation shows in the hint cookie
const GOODBYE = 6_000;

const tabs = "BroadcastChannel" in window ? new BroadcastChannel("ictiger:verification") : null;
const bannerIn = (root) => root.querySelector("[data-banner=verification]");

function tendBanner(root) {
  const banner = bannerIn(root);
  if (!banner) {
    return;
  }
  banner.addEventListener("submit", mendInPlace);
  banner.querySelector("[data-change]")?.addEventListener("click", openChangeForm);
  showLocalTimes(banner);
  countDown(banner);
  watch(banner);
}

function showLocalTimes(banner) {
  for (const time of banner.querySelectorAll("time[data-local]")) {
    const shape = time.dataset.local === "time" ? { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } : { dateStyle: "medium", timeStyle: "short" };
    time.textContent = new Intl.DateTimeFormat(document.documentElement.lang, shape).format(new Date(time.dateTime));
  }
}

function countDown(banner) {
  const button = banner.querySelector("[data-resend]");
  const note = banner.querySelector("[data-wait-note]");
  const free = Date.now() + Number(banner.dataset.wait) * 1_000;
  const tick = () => {
    const left = Math.ceil((free - Date.now()) / 1_000);
    button.disabled = left > 0;
    note.textContent = left > 0 ? banner.dataset.wordsWait.replace("#", left) : "";
    if (left > 0 && banner.isConnected) {
      setTimeout(tick, 1_000);
    }
  };
  tick();
}

function openChangeForm(event) {
  const form = event.currentTarget.closest("[data-banner]").querySelector("[data-change-form]");
  event.preventDefault();
  form.hidden = false;
  form.elements.email.focus();
}

async function mendInPlace(event) {
  const form = event.target;
  const banner = event.currentTarget;
  event.preventDefault();
  try {
    const answer = await fetch(form.getAttribute("action"), { method: "POST", body: new FormData(form), headers: { "X-Fragment": "banner" } });
    if (answer.redirected || answer.status === 403) {
      form.submit(); // logged out, or an old token: the plain way says so
      return;
    }
    take(banner, answer.status, await answer.text(), true);
  } catch {
    complain(banner, banner.dataset.wordsOffline);
  }
}

async function look(banner) {
  try {
    const answer = await fetch(banner.dataset.src, { cache: "no-store", headers: { "X-Fragment": "banner" } });
    if (answer.redirected && banner.isConnected) {
      sayGoodbye(banner, banner.dataset.wordsEnded, ""); // logged out: confirmed in another browser, most likely
    } else if (banner.isConnected && (answer.status === 204 || (answer.ok && !isInUse(banner)))) {
      take(banner, answer.status, await answer.text(), false);
    }
  } catch {
    // Offline: the next look will tell.
  }
}

const isInUse = (banner) => banner.contains(document.activeElement) || !banner.querySelector("[data-change-form]").hidden;

// Put the server's banner in the place of ours; nothing (204) means that the address is confirmed.
function take(banner, status, html, isAnswer) {
  if (status === 204) {
    sayConfirmed(banner);
    return;
  }
  const template = document.createElement("template");
  template.innerHTML = html;
  const next = bannerIn(template.content);
  if (!next || (!isAnswer && next.dataset.state === banner.dataset.state)) {
    return;
  }
  next.dataset.since = banner.dataset.since ?? "";
  keepRoomAsHinted();
  banner.replaceWith(next);
  tendBanner(next.parentNode);
  if (isAnswer) {
    focusAnswer(next);
  }
}

// The address that was changed may need less room (banner.css); hint.js has looked once, when the page began.
function keepRoomAsHinted() {
  const [, hint] = /(?:^|; )reader=(unverified|mistyped)(?:;|$)/.exec(document.cookie) ?? [];
  document.documentElement.dataset.reader = hint ?? document.documentElement.dataset.reader;
}

function focusAnswer(banner) {
  const wrong = banner.querySelector("[aria-invalid=true]");
  const text = banner.querySelector("[role=alert], [role=status]");
  text.tabIndex = -1;
  (wrong ?? text).focus();
}

function complain(banner, words) {
  const note = banner.querySelector("[role=alert]") ?? document.createElement("p");
  note.className = "banner-text";
  note.setAttribute("role", "alert");
  note.textContent = words;
  banner.querySelector(".banner-text").after(note);
}

function watch(banner) {
  banner.dataset.since ||= String(Date.now());
  const lookAtCookie = setInterval(() => {
    if (!banner.isConnected) {
      clearInterval(lookAtCookie);
    } else if (/(?:^|; )reader=member(?:;|$)/.test(document.cookie)) {
      clearInterval(lookAtCookie);
      look(banner);
    }
  }, LOOK_AT_COOKIE);
  const lookAgain = async () => {
    if (banner.isConnected && document.visibilityState === "visible") {
      await look(banner);
    }
    if (banner.isConnected) {
      setTimeout(lookAgain, Date.now() - Number(banner.dataset.since) < NEWS_FOR ? ASK_SOON : ASK_LATER);
    }
  };
  setTimeout(lookAgain, ASK_SOON);
}

function sayConfirmed(banner) {
  const goodbye = sayGoodbye(banner, banner.dataset.wordsConfirmed, "member");
  setTimeout(() => goodbye.remove(), GOODBYE);
  document.dispatchEvent(new CustomEvent("ictiger:verified"));
}

// The banner's last words. `reader` is what the hint cookie says from now on.
function sayGoodbye(banner, words, reader) {
  const goodbye = document.createElement("p");
  goodbye.className = "banner banner-text";
  goodbye.setAttribute("role", "status");
  goodbye.textContent = words;
  banner.replaceWith(goodbye);
  document.documentElement.dataset.reader = reader;
  return goodbye;
}

function lookInThisTab() {
  const banner = bannerIn(document);
  if (banner && document.visibilityState === "visible") {
    look(banner);
  }
}

if (tabs) {
  tabs.addEventListener("message", () => bannerIn(document) && look(bannerIn(document)));
  if (document.querySelector("[data-confirmed]")) {
    tabs.postMessage("confirmed");
  }
}
document.addEventListener("visibilitychange", lookInThisTab);
document.addEventListener("ictiger:bar", (event) => tendBanner(event.detail.root));
tendBanner(document);
