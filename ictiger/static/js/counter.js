// The words that may still be entered: live, below zero when there are too many, the excess underlined, and told to screen readers only when it
// starts to matter and the writer pauses.

import { WordRule, codePointsExcessFrom, countCodePoints } from "./words.js";

const FEW = 20; // words left from which the number is worth attention
const STEPS = [0, 5, 10, FEW]; // of words left, or too many: where they are said
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
  let isComposing = false;

  const show = () => {
    const left = limit - rule.count(box.value);
    const over = countCodePoints(box.value) - codePoints;
    const level = left < 0 || over > 0 ? "over" : left < FEW ? "few" : "";
    number.textContent = String(left);
    number.dataset.level = level;
    box.toggleAttribute("data-over", level === "over");
    mirrorText(mirror, box, Math.min(rule.excessFrom(box.value, limit), codePointsExcessFrom(box.value, codePoints)));
    clearTimeout(timer);
    // What an input method is still composing is no pause.
    timer = setTimeout(() => isComposing || say(left, over), PAUSE);
  };

  // What was said last is not said again while the text stays between the same two steps.
  const say = (left, over) => {
    const key = stepOf(left, over);
    if (key !== lastSaid && key) {
      said.textContent = wordsFor(box.dataset, left, over);
    }
    lastSaid = key;
  };

  box.addEventListener("input", show);
  box.addEventListener("compositionstart", () => {
    isComposing = true;
  });
  box.addEventListener("compositionend", () => {
    isComposing = false;
    show();
  });
  box.addEventListener("scroll", () => {
    mirror.scrollTop = box.scrollTop;
  });
  show();
}

// "" while there is nothing to say.
function stepOf(left, over) {
  if (left >= 0 && over > 0) {
    return "long";
  }
  const step = STEPS.find((few) => (left < 0 ? -left : left) <= few);
  return left < 0 ? `over ${step}` : step === undefined ? "" : String(step);
}

function wordsFor(data, left, over) {
  if (over > 0 && left >= 0) {
    return data.sayLong.replace("{n}", String(over));
  }
  return left < 0 ? data.sayOver.replace("{n}", String(-left)) : data.sayLeft.replace("{n}", String(left));
}

// The mirror lies behind the box with the same text and makes it grow; only there can a part of it be marked. Lines break alike: where the
// box has a bar to scroll, the mirror leaves as much room.
function mirrorText(mirror, box, from) {
  const text = box.value;
  const parts = [text.slice(0, from)];
  if (from < text.length) {
    const mark = document.createElement("mark");
    mark.textContent = text.slice(from);
    parts.push(mark);
  }
  mirror.replaceChildren(...parts, "\n");
  mirror.style.setProperty("--scroll-bar", `${box.offsetWidth - box.clientWidth - box.clientLeft * 2}px`);
  mirror.scrollTop = box.scrollTop;
}
