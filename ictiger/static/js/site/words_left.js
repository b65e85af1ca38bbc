// The words that may still be entered: live, below zero when there are too many, the excess underlined, and told to screen readers only when it
// starts to matter and the writer pauses.

import { WordRule, codePointsExcessFrom, countCodePoints, countLines, linesExcessFrom, pileOfMarksFrom } from "./word_count.js";

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
  const lines = Number(box.dataset.lines);
  const marks = Number(box.dataset.marks);
  let lastSaid = "";
  let timer = 0;
  let isComposing = false;

  const show = () => {
    const left = limit - rule.count(box.value);
    const excess = excessOf(box.value);
    const level = left < 0 || excess ? "over" : left < FEW ? "few" : "";
    number.textContent = inFigures(left);
    number.dataset.level = level;
    box.toggleAttribute("data-over", level === "over");
    mirrorText(mirror, box, Math.min(rule.excessFrom(box.value, limit), excess?.from ?? box.value.length));
    clearTimeout(timer);
    // What an input method is still composing is no pause.
    timer = setTimeout(() => isComposing || say(left, excess), PAUSE);
  };

  // What else than words there is too much of, first of all kinds; undefined when nothing is.
  const excessOf = (text) =>
    [
      { kind: "long", number: countCodePoints(text) - codePoints, from: codePointsExcessFrom(text, codePoints) },
      { kind: "marks", number: pileOfMarksFrom(text, marks) < text.length ? 1 : 0, from: pileOfMarksFrom(text, marks) },
      { kind: "lines", number: countLines(text) - lines, from: linesExcessFrom(text, lines) },
    ].find((each) => each.number > 0);

  // What was said last is not said again while the text stays between the same two steps.
  const say = (left, excess) => {
    const key = stepOf(left, excess);
    if (key !== lastSaid && key) {
      said.textContent = wordsFor(box.dataset, left, excess);
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
function stepOf(left, excess) {
  if (left >= 0 && excess) {
    return excess.kind;
  }
  const step = STEPS.find((few) => (left < 0 ? -left : left) <= few);
  return left < 0 ? `over ${step}` : step === undefined ? "" : String(step);
}

function wordsFor(data, left, excess) {
  if (left >= 0 && excess) {
    const words = { long: data.sayLong, marks: data.sayMarks, lines: data.sayLines }[excess.kind];
    return words.replace("{n}", String(excess.number));
  }
  return left < 0 ? data.sayOver.replace("{n}", String(-left)) : data.sayLeft.replace("{n}", String(left));
}

// As the server writes it: with a minus, which a hyphen is not.
function inFigures(number) {
  return String(number).replace("-", "\u2212");
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
