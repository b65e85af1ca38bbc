// Count the words of a text: the same two steps over the same ranges as comments/text/word_count.py. The form
// carries the ranges (data-ranges), so that a cached page counts as the server that made its form does. Do
// not use \w, \p{} or Intl.Segmenter: their results differ between browser versions.

export class WordRule {
  // `ranges` is "sep|ideo|word", each a list of code points and spans in hexadecimal:
  // "9-D,20|2E80-2FDF|30-39".
  constructor(ranges) {
    const [separator, ideograph, word] = ranges.split("|").map(characterClass);
    this.token = new RegExp(`[${ideograph}]|[^${separator}${ideograph}]+`, "gu");
    this.countable = new RegExp(`[${ideograph}${word}]`, "u");
  }

  count(text) {
    let count = 0;
    for (const [token] of text.replaceAll("\r\n", "\n").matchAll(this.token)) {
      count += this.countable.test(token) ? 1 : 0;
    }
    return count;
  }

  // The index, in code units, of the first word beyond `limit`; the length of the text if there is none.
  excessFrom(text, limit) {
    let count = 0;
    for (const match of text.matchAll(this.token)) {
      count += this.countable.test(match[0]) ? 1 : 0;
      if (count > limit) {
        return match.index;
      }
    }
    return text.length;
  }
}

// The inside of a regular expression's character class: "9-D,20" becomes "\u{9}-\u{D}\u{20}".
function characterClass(spans) {
  return spans
    .split(",")
    .map((span) => span.split("-").map((end) => `\\u{${end}}`).join("-"))
    .join("");
}

// Characters that the server strips (UNSTORABLE in ictiger/core/text.py) are not counted.
const UNSTORABLE = /[\u0000-\u0008\u000e-\u001f\u007f\ufffe\uffff]/u;

// Count code points as Python does; `length` in JavaScript counts code units.
export function countCodePoints(text) {
  let count = 0;
  for (const character of text.replaceAll("\r\n", "\n")) {
    count += UNSTORABLE.test(character) ? 0 : 1;
  }
  return count;
}

// The index, in code units, of the first code point beyond `limit`; the length of the text if there is none.
export function codePointsExcessFrom(text, limit) {
  let index = 0;
  let count = 0;
  for (const character of text) {
    count += UNSTORABLE.test(character) ? 0 : 1;
    if (count > limit) {
      return index;
    }
    index += character.length;
  }
  return index;
}

const LINE_ENDS = /\r\n?|[\n\u000b\u000c\u0085\u2028\u2029]/gu;
// A line that the server treats as blank: white space as Python defines it, and characters that are not
// stored.
const BLANK = new RegExp(
  "^[\\u0000-\\u0020\\u007f\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029" +
    "\\u202f\\u205f\\u3000\\ud800-\\udfff\\ufffe\\uffff]*$",
  "u",
);

// Count the lines that are not blank, as comments/text/word_count.py does. Blank lines are shown as one gap.
export function countLines(text) {
  return text.split(LINE_ENDS).filter((line) => !BLANK.test(line)).length;
}

// The index, in code units, of the first line beyond `limit`; the length of the text if there is none.
export function linesExcessFrom(text, limit) {
  let count = 0;
  let start = 0;
  for (const end of [...text.matchAll(LINE_ENDS), { index: text.length, 0: "" }]) {
    count += BLANK.test(text.slice(start, end.index)) ? 0 : 1;
    if (count > limit) {
      return start;
    }
    start = end.index + end[0].length;
  }
  return text.length;
}

// The index of the first run of combining marks longer than `limit`; the length of the text if there is none.
// This only warns early. Browsers with another Unicode version may differ: the server decides.
export function excessMarksFrom(text, limit) {
  const index = text.search(new RegExp(`(?:\\p{M}\\p{Cf}*){${limit + 1}}`, "u"));
  return index < 0 ? text.length : index;
}
