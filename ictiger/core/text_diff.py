"""What differs between two versions of a text, for people to read. Pure."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

CONTEXT = 1  # unchanged lines shown around a change
# Matching takes quadratic time. Beyond these a text, or a passage of it, is shown as replaced whole.
MAX_LINES = 4_000  # of both versions
MAX_TOKENS = 6_000  # words in all the passages of a comparison that are matched word by word

# A Chinese character is a word of its own; so is each sign.
TOKEN = re.compile(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+|\s+|.", re.DOTALL)


class ChangeKind(StrEnum):
    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    GAP = "gap"  # unchanged lines that are left out


@dataclass(frozen=True)
class DiffPart:
    kind: ChangeKind
    text: str


def diff_texts(old: str, new: str) -> list[list[DiffPart]]:
    """The changed passages from `old` to `new`, each with its surroundings, as blocks of parts. Empty when nothing differs."""
    old_lines, new_lines = old.splitlines(), new.splitlines()
    if len(old_lines) + len(new_lines) > MAX_LINES:
        return [] if old_lines == new_lines else [_replaced(old, new)]
    blocks: list[list[DiffPart]] = []
    end, words = 0, WordDiff(MAX_TOKENS)
    for group in SequenceMatcher(None, old_lines, new_lines).get_grouped_opcodes(CONTEXT):
        if group[0][1] > end:
            blocks.append([DiffPart(ChangeKind.GAP, "")])
        blocks += [_passage(tag, old_lines[i1:i2], new_lines[j1:j2], words) for tag, i1, i2, j1, j2 in group]
        end = group[-1][2]
    if blocks and end < len(old_lines):
        blocks.append([DiffPart(ChangeKind.GAP, "")])
    return blocks


class WordDiff:
    """Matches passages word by word until `left` words have been matched in all."""

    def __init__(self, left: int) -> None:
        self.left = left

    def compare(self, was: str, now: str) -> list[DiffPart]:
        old, new = TOKEN.findall(was), TOKEN.findall(now)
        if len(old) + len(new) > self.left:
            return _replaced(was, now)
        self.left -= len(old) + len(new)
        parts: list[DiffPart] = []
        for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new).get_opcodes():
            if tag == "equal":
                parts.append(DiffPart(ChangeKind.SAME, "".join(old[i1:i2])))
                continue
            if i2 > i1:
                parts.append(DiffPart(ChangeKind.REMOVED, "".join(old[i1:i2])))
            if j2 > j1:
                parts.append(DiffPart(ChangeKind.ADDED, "".join(new[j1:j2])))
        return parts


def _passage(tag: str, old: list[str], new: list[str], words: WordDiff) -> list[DiffPart]:
    was, now = "\n".join(old), "\n".join(new)
    if tag == "equal":
        return [DiffPart(ChangeKind.SAME, was)]
    if tag == "replace":
        return words.compare(was, now)
    return [DiffPart(ChangeKind.REMOVED, was)] if tag == "delete" else [DiffPart(ChangeKind.ADDED, now)]


def _replaced(was: str, now: str) -> list[DiffPart]:
    return [DiffPart(ChangeKind.REMOVED, was), DiffPart(ChangeKind.ADDED, now)]
