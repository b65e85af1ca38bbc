"""The differences between two versions of a text, for people to read. Pure functions."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

CONTEXT = 1  # unchanged lines shown around a change
# Matching takes quadratic time. Beyond these limits a text, or a passage of it, is shown as replaced as a
# whole.
MAX_LINES = 4_000  # of both versions together
MAX_TOKENS = 6_000  # in all passages of a comparison that are matched word by word

# Each Chinese character and each punctuation mark is one token.
TOKEN = re.compile(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+|\s+|.", re.DOTALL)


class ChangeKind(StrEnum):
    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    GAP = "gap"  # unchanged lines that are not shown


@dataclass(frozen=True)
class DiffPart:
    kind: ChangeKind
    text: str


def diff_texts(old: str, new: str) -> list[list[DiffPart]]:
    """The changed passages from `old` to `new`, each with its context, as blocks of parts.

    Empty if nothing differs.
    """
    old_lines, new_lines = old.splitlines(), new.splitlines()
    if len(old_lines) + len(new_lines) > MAX_LINES:
        return [] if old_lines == new_lines else [_replacement(old, new)]
    blocks: list[list[DiffPart]] = []
    end, word_diff = 0, WordDiff(MAX_TOKENS)
    for group in SequenceMatcher(None, old_lines, new_lines).get_grouped_opcodes(CONTEXT):
        if group[0][1] > end:
            blocks.append([DiffPart(ChangeKind.GAP, "")])
        blocks += [
            _passage(tag, old_lines[i1:i2], new_lines[j1:j2], word_diff) for tag, i1, i2, j1, j2 in group
        ]
        end = group[-1][2]
    if blocks and end < len(old_lines):
        blocks.append([DiffPart(ChangeKind.GAP, "")])
    return blocks


class WordDiff:
    """Matches passages word by word, until `token_budget` tokens have been matched in all."""

    def __init__(self, token_budget: int) -> None:
        self.token_budget = token_budget

    def compare(self, old: str, new: str) -> list[DiffPart]:
        """The parts of one passage. Beyond the budget the passage is shown as replaced."""
        old_tokens, new_tokens = TOKEN.findall(old), TOKEN.findall(new)
        if len(old_tokens) + len(new_tokens) > self.token_budget:
            return _replacement(old, new)
        self.token_budget -= len(old_tokens) + len(new_tokens)
        parts: list[DiffPart] = []
        for tag, i1, i2, j1, j2 in SequenceMatcher(None, old_tokens, new_tokens).get_opcodes():
            if tag == "equal":
                parts.append(DiffPart(ChangeKind.SAME, "".join(old_tokens[i1:i2])))
                continue
            if i2 > i1:
                parts.append(DiffPart(ChangeKind.REMOVED, "".join(old_tokens[i1:i2])))
            if j2 > j1:
                parts.append(DiffPart(ChangeKind.ADDED, "".join(new_tokens[j1:j2])))
        return parts


def _passage(tag: str, old_lines: list[str], new_lines: list[str], word_diff: WordDiff) -> list[DiffPart]:
    old, new = "\n".join(old_lines), "\n".join(new_lines)
    if tag == "equal":
        return [DiffPart(ChangeKind.SAME, old)]
    if tag == "replace":
        return word_diff.compare(old, new)
    return [DiffPart(ChangeKind.REMOVED, old)] if tag == "delete" else [DiffPart(ChangeKind.ADDED, new)]


def _replacement(old: str, new: str) -> list[DiffPart]:
    return [DiffPart(ChangeKind.REMOVED, old), DiffPart(ChangeKind.ADDED, new)]
