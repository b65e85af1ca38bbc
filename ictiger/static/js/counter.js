// The words that may still be entered: live, below zero when there are too many, the excess underlined, and told to screen readers only when it
// starts to matter and the writer pauses.

import { WordRule, codePointsExcessFrom, countCodePoints } from "./words.js";

const FEW = 20; // words left from which the number is worth attention
const PAUSE = 1000; // milliseconds without typing before anything is said

export function attachCounter(form) {
  const box = form.querySelector("textarea[data-limit]");
  const number = form.querySelector("[data-words-left]");
  const said = form.querySelector("[data-words-said]");
  const mirror = form.querySelector(".words-mirror");
  if (!box || !number || box.dataset.counted !== undefined) {
    return;
  }
  box.dataset.counted = "";
  const rule = new WordRule(box.dataset.ranges);
  const limit = Number(box.dataset.limit);
  const codePoints = Number(box.dataset.codePoints);
  let lastSaid = "";
  let timer = 0;

  const show = () => {
    const left = limit - rule.count(box.value);
    const over = countCodePoints(box.value) - codePoints;
    const level = left < 0 || over > 0 ? "over" : left < FEW ? "few" : "";
    number.textContent = String(left);
    number.dataset.level = level;
    box.toggleAttribute("data-over", level === "over");
    underlineExcess(mirror, box.value, Math.min(rule.excessFrom(box.value, limit), codePointsExcessFrom(box.value, codePoints)));
    clearTimeout(timer);
    timer = setTimeout(() => say(left, over), PAUSE);
  };

  // At 20, 10, 0 and below: what was said last is not said again.
  const say = (left, over) => {
    const threshold = left < 0 ? left : [0, 10, FEW].find((step) => left <= step);
    const message = wordsFor(box.dataset, left, over);
    const key = over > 0 ? `long ${over}` : String(threshold);
    if (key !== lastSaid && (threshold !== undefined || over > 0)) {
      said.textContent = message;
    }
    lastSaid = key;
  };

  box.addEventListener("input", show);
  box.addEventListener("scroll", () => {
    mirror.scrollTop = box.scrollTop;
  });
  show();
}

function wordsFor(data, left, over) {
  if (over > 0 && left >= 0) {
    return data.sayLong.replace("{n}", String(over));
  }
  return left < 0 ? data.sayOver.replace("{n}", String(-left)) : data.sayLeft.replace("{n}", String(left));
}

// The mirror lies behind the box with the same text; only there can a part of it be marked.
function underlineExcess(mirror, text, from) {
  if (from >= text.length) {
    mirror.replaceChildren();
    return;
  }
  const mark = document.createElement("mark");
  mark.textContent = text.slice(from);
  mirror.replaceChildren(text.slice(0, from), mark, "\n");
}
