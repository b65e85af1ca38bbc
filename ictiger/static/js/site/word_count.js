// How many words a text has: the same two steps over the same ranges as comments/words.py. The ranges come with the form (data-ranges), so
// that a page kept in the browser counts as the server that made its form does. Never \w, \p{} or Intl.Segmenter: they differ between versions.

export class WordRule {
  // `ranges` is "sep|ideo|word", each a list of code points and spans in hexadecimal: "9-D,20|2E80-2FDF|30-39".
  constructor(ranges) {
    const [sep, ideo, word] = ranges.split("|").map(insideOfClass);
    this.token = new RegExp(`[${ideo}]|[^${sep}${ideo}]+`, "gu");
    this.counts = new RegExp(`[${ideo}${word}]`, "u");
  }

  count(text) {
    let number = 0;
    for (const [token] of text.replaceAll("\r\n", "\n").matchAll(this.token)) {
      number += this.counts.test(token) ? 1 : 0;
    }
    return number;
  }

  // Where the first word begins that is more than `limit` allows, in code units; the length of the text when none is.
  excessFrom(text, limit) {
    let number = 0;
    for (const match of text.matchAll(this.token)) {
      number += this.counts.test(match[0]) ? 1 : 0;
      if (number > limit) {
        return match.index;
      }
    }
    return text.length;
  }
}

function insideOfClass(spans) {
  return spans
    .split(",")
    .map((span) => span.split("-").map((end) => `\\u{${end}}`).join("-"))
    .join("");
}

// What the server does not keep does not count (articles/text.py).
const NOT_KEPT = /[\u0000-\u0008\u000e-\u001f\u007f\ufffe\uffff]/u;

// Python counts code points, JavaScript's length counts code units.
export function countCodePoints(text) {
  let number = 0;
  for (const character of text.replaceAll("\r\n", "\n")) {
    number += NOT_KEPT.test(character) ? 0 : 1;
  }
  return number;
}

// Where the code point stands that is one more than `limit`, in code units; the length of the text when it has no more.
export function codePointsExcessFrom(text, limit) {
  let index = 0;
  let number = 0;
  for (const character of text) {
    number += NOT_KEPT.test(character) ? 0 : 1;
    if (number > limit) {
      return index;
    }
    index += character.length;
  }
  return index;
}

const LINE_ENDS = /\r\n?|[\n\u000b\u000c\u0085\u2028\u2029]/gu;
// What the server takes for nothing: its spaces, and what it does not store.
const SHOWS_NOTHING = /^[\u0000-\u0020\u007f\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ud800-\udfff\ufffe\uffff]*$/u;

// The lines that would be shown, as comments/words.py counts them: blank ones are folded into one gap.
export function countLines(text) {
  return text.split(LINE_ENDS).filter((line) => !SHOWS_NOTHING.test(line)).length;
}

// Where the first line begins that is more than `limit`, in code units; the length of the text when it has no more.
export function linesExcessFrom(text, limit) {
  let number = 0;
  let start = 0;
  for (const end of [...text.matchAll(LINE_ENDS), { index: text.length, 0: "" }]) {
    number += SHOWS_NOTHING.test(text.slice(start, end.index)) ? 0 : 1;
    if (number > limit) {
      return start;
    }
    start = end.index + end[0].length;
  }
  return text.length;
}

// Where a letter's marks begin that are more than `limit`; the length of the text when none has so many. Only to say so early, so that
// versions of Unicode may differ here: the server decides.
export function pileOfMarksFrom(text, limit) {
  const at = text.search(new RegExp(`(?:\\p{M}\\p{Cf}*){${limit + 1}}`, "u"));
  return at < 0 ? text.length : at;
}
