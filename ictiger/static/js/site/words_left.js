// Show how many words may still be entered: updated while typing, negative when there are too many, with the
// excess underlined. Screen readers are informed only near the limit and after a pause in typing.

import {
  WordRule,
  codePointsExcessFrom,
  countCodePoints,
  countLines,
  excessMarksFrom,
  linesExcessFrom,
} from "./word_count.js";

const FEW = 20; // words left below which the number is highlighted
const STEPS = [0, 5, 10, FEW]; // words left, or beyond the limit, at which screen readers are informed
const PAUSE = 1000; // milliseconds without typing before an announcement

export function attachWordCounter(form) {
  const textarea = form.querySelector("textarea[data-limit]");
  const number = form.querySelector("[data-words-left]");
  const liveRegion = form.querySelector("[data-words-said]");
  const mirror = form.querySelector(".words-mirror");
  if (!textarea || !number || textarea.dataset.counted !== undefined) {
    return;
  }
  textarea.dataset.counted = "";
  const rule = new WordRule(textarea.dataset.ranges);
  const limit = Number(textarea.dataset.limit);
  const codePoints = Number(textarea.dataset.codePoints);
  const lines = Number(textarea.dataset.lines);
  const marks = Number(textarea.dataset.marks);
  let lastStep = "";
  let timer = 0;
  let isComposing = false;

  const update = () => {
    const text = textarea.value;
    const wordsLeft = limit - rule.count(text);
    const excess = excessOf(text);
    const level = wordsLeft < 0 || excess ? "over" : wordsLeft < FEW ? "few" : "";
    number.textContent = formatNumber(wordsLeft);
    number.dataset.level = level;
    textarea.toggleAttribute("data-over", level === "over");
    mirrorText(mirror, textarea, Math.min(rule.excessFrom(text, limit), excess?.from ?? text.length));
    clearTimeout(timer);
    // An input method that is still composing is not a pause.
    timer = setTimeout(() => isComposing || announceWordsLeft(wordsLeft, excess), PAUSE);
  };

  // The first limit other than that on words that the text exceeds; undefined if there is none.
  const excessOf = (text) =>
    [
      {
        kind: "long",
        number: countCodePoints(text) - codePoints,
        from: codePointsExcessFrom(text, codePoints),
      },
      {
        kind: "marks",
        number: excessMarksFrom(text, marks) < text.length ? 1 : 0,
        from: excessMarksFrom(text, marks),
      },
      { kind: "lines", number: countLines(text) - lines, from: linesExcessFrom(text, lines) },
    ].find(({ number }) => number > 0);

  // Nothing is announced again while the text stays between the same two steps.
  const announceWordsLeft = (wordsLeft, excess) => {
    const step = stepOf(wordsLeft, excess);
    if (step !== lastStep && step) {
      liveRegion.textContent = messageFor(textarea.dataset, wordsLeft, excess);
    }
    lastStep = step;
  };

  textarea.addEventListener("input", update);
  textarea.addEventListener("compositionstart", () => {
    isComposing = true;
  });
  textarea.addEventListener("compositionend", () => {
    isComposing = false;
    update();
  });
  textarea.addEventListener("scroll", () => {
    mirror.scrollTop = textarea.scrollTop;
  });
  update();
}

// "" if nothing is to be announced.
function stepOf(wordsLeft, excess) {
  if (wordsLeft >= 0 && excess) {
    return excess.kind;
  }
  const step = STEPS.find((few) => Math.abs(wordsLeft) <= few);
  return wordsLeft < 0 ? `over ${step}` : step === undefined ? "" : String(step);
}

function messageFor(data, wordsLeft, excess) {
  if (wordsLeft >= 0 && excess) {
    const message = { long: data.sayLong, marks: data.sayMarks, lines: data.sayLines }[excess.kind];
    return message.replace("{n}", String(excess.number));
  }
  return wordsLeft < 0
    ? data.sayOver.replace("{n}", String(-wordsLeft))
    : data.sayLeft.replace("{n}", String(wordsLeft));
}

// With a minus sign, not a hyphen, as the server formats it.
function formatNumber(number) {
  return String(number).replace("-", "\u2212");
}

// Copy the text into the mirror behind the textarea, which makes the textarea grow, and mark it from the
// index `from`: a textarea cannot mark a part of its text. If the textarea has a scroll bar, the mirror
// leaves the same room, so that their lines break alike.
function mirrorText(mirror, textarea, from) {
  const text = textarea.value;
  const parts = [text.slice(0, from)];
  if (from < text.length) {
    const mark = document.createElement("mark");
    mark.textContent = text.slice(from);
    parts.push(mark);
  }
  mirror.replaceChildren(...parts, "\n");
  const scrollBar = textarea.offsetWidth - textarea.clientWidth - textarea.clientLeft * 2;
  mirror.style.setProperty("--scroll-bar", `${scrollBar}px`);
  mirror.scrollTop = textarea.scrollTop;
}
