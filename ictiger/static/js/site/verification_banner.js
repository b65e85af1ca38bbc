// The banner of an unverified address: buttons work in place, the seconds until the next resend are counted
// down, and the banner goes away once the address is verified, in this browser or in another. Without this
// script the same forms lead to the verification page.

import { updateReservedRoom } from "./personal_bar.js";

// Milliseconds.
const POLL_WHILE_NEW = 5_000;
const POLL_LATER = 30_000;
const NEW_FOR = 120_000;
const COOKIE_CHECK = 1_000; // without a request: verification in this browser changes the hint cookie
const CONFIRMATION_SHOWN_FOR = 6_000;

const tabs = "BroadcastChannel" in window ? new BroadcastChannel("ictiger:verification") : null;
const bannerIn = (root) => root.querySelector("[data-banner=verification]");

function activateBanner(root) {
  const banner = bannerIn(root);
  if (!banner) {
    return;
  }
  banner.addEventListener("submit", submitInPlace);
  banner.querySelector("[data-change]")?.addEventListener("click", openChangeForm);
  showLocalTimes(banner);
  countDown(banner);
  watchVerification(banner);
}

function showLocalTimes(banner) {
  const formats = {
    time: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
    date: { dateStyle: "medium", timeStyle: "short" },
  };
  for (const time of banner.querySelectorAll("time[data-local]")) {
    const options = time.dataset.local === "time" ? formats.time : formats.date;
    const format = new Intl.DateTimeFormat(document.documentElement.lang, options);
    time.textContent = format.format(new Date(time.dateTime));
  }
}

function countDown(banner) {
  const button = banner.querySelector("[data-resend]");
  const note = banner.querySelector("[data-wait-note]");
  const allowedAt = Date.now() + Number(banner.dataset.wait) * 1_000;
  const tick = () => {
    const seconds = Math.ceil((allowedAt - Date.now()) / 1_000);
    button.disabled = seconds > 0;
    note.textContent = seconds > 0 ? banner.dataset.wordsWait.replace("#", seconds) : "";
    if (seconds > 0 && banner.isConnected) {
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

function fetchBanner(url, options) {
  return fetch(url, { headers: { "X-Fragment": "banner" }, ...options });
}

async function submitInPlace(event) {
  const form = event.target;
  const banner = event.currentTarget;
  event.preventDefault();
  try {
    const body = new FormData(form);
    const response = await fetchBanner(form.getAttribute("action"), { method: "POST", body });
    if (response.redirected || response.status === 403) {
      form.submit(); // logged out, or an expired token: the page itself shows what is wrong
      return;
    }
    updateBanner(banner, response.status, await response.text(), true);
  } catch {
    showBannerError(banner, banner.dataset.wordsOffline);
  }
}

async function poll(banner) {
  try {
    const response = await fetchBanner(banner.dataset.src, { cache: "no-store" });
    if (response.redirected && banner.isConnected) {
      // Logged out: the address was probably verified in another browser.
      replaceByMessage(banner, banner.dataset.wordsEnded, "");
    } else if (banner.isConnected && (response.status === 204 || (response.ok && !isInUse(banner)))) {
      updateBanner(banner, response.status, await response.text(), false);
    }
  } catch {
    // Offline: the next poll tries again.
  }
}

const isInUse = (banner) =>
  banner.contains(document.activeElement) || !banner.querySelector("[data-change-form]").hidden;

// Replace the banner by the server's; status 204 means that the address is verified. `isSubmission` is true
// for the response to a form, which is shown even if the state is the same, and is focused.
function updateBanner(banner, status, html, isSubmission) {
  if (status === 204) {
    showVerified(banner);
    return;
  }
  const template = document.createElement("template");
  template.innerHTML = html;
  const newBanner = bannerIn(template.content);
  if (!newBanner || (!isSubmission && newBanner.dataset.state === banner.dataset.state)) {
    return;
  }
  newBanner.dataset.since = banner.dataset.since ?? "";
  updateReservedRoom();
  banner.replaceWith(newBanner);
  activateBanner(newBanner.parentNode);
  if (isSubmission) {
    focusResult(newBanner);
  }
}

function focusResult(banner) {
  const invalidField = banner.querySelector("[aria-invalid=true]");
  const message = banner.querySelector("[role=alert], [role=status]");
  message.tabIndex = -1;
  (invalidField ?? message).focus();
}

function showBannerError(banner, message) {
  const note = banner.querySelector("[role=alert]") ?? document.createElement("p");
  note.className = "banner-text";
  note.setAttribute("role", "alert");
  note.textContent = message;
  banner.querySelector(".banner-text").after(note);
}

// Check the hint cookie every second and the server every few seconds, until the banner is replaced.
function watchVerification(banner) {
  banner.dataset.since ||= String(Date.now());
  const cookieTimer = setInterval(() => {
    if (!banner.isConnected) {
      clearInterval(cookieTimer);
    } else if (/(?:^|; )reader=member(?:;|$)/.test(document.cookie)) {
      clearInterval(cookieTimer);
      poll(banner);
    }
  }, COOKIE_CHECK);
  const pollAgain = async () => {
    if (banner.isConnected && document.visibilityState === "visible") {
      await poll(banner);
    }
    if (banner.isConnected) {
      const isNew = Date.now() - Number(banner.dataset.since) < NEW_FOR;
      setTimeout(pollAgain, isNew ? POLL_WHILE_NEW : POLL_LATER);
    }
  };
  setTimeout(pollAgain, POLL_WHILE_NEW);
}

function showVerified(banner) {
  const message = replaceByMessage(banner, banner.dataset.wordsConfirmed, "member");
  setTimeout(() => message.remove(), CONFIRMATION_SHOWN_FOR);
  document.dispatchEvent(new CustomEvent("ictiger:verified"));
}

// The browser has been logged out: say so in place of the banner.
export function endBanner() {
  const banner = bannerIn(document);
  if (banner) {
    replaceByMessage(banner, banner.dataset.wordsEnded, "");
  }
}

// `reader` is the new value of <html data-reader>, which early_hint.js had set from the hint cookie.
function replaceByMessage(banner, text, reader) {
  const message = document.createElement("p");
  message.className = "banner banner-text";
  message.setAttribute("role", "status");
  message.textContent = text;
  banner.replaceWith(message);
  document.documentElement.dataset.reader = reader;
  return message;
}

function pollIfVisible() {
  const banner = bannerIn(document);
  if (banner && document.visibilityState === "visible") {
    poll(banner);
  }
}

if (tabs) {
  tabs.addEventListener("message", () => bannerIn(document) && poll(bannerIn(document)));
  if (document.querySelector("[data-confirmed]")) {
    tabs.postMessage("confirmed");
  }
}
document.addEventListener("visibilitychange", pollIfVisible);
document.addEventListener("ictiger:bar", (event) => activateBanner(event.detail.root));
activateBanner(document);
