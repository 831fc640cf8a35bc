#!/usr/bin/env python3
"""Writes the tables by which BERT's tokenizer treats characters: Sources/TextEncoding/WordPiece/BERTCharacterData.swift.

    bert_characters.py FILE

What the tables say is asked of the `tokenizers` library, character by character: it joins data of several versions of
Unicode, so that no single version of it gives the same ids. A test holds the committed file against a fresh one.
"""

import sys
import unicodedata

from tokenizers import normalizers, pre_tokenizers

LINE = 116
SCALARS = [code for code in range(0x110000) if not 0xD800 <= code <= 0xDFFF]


def bert(**only):
    options = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return normalizers.BertNormalizer(**{**options, **only}).normalize_str


clean = bert(clean_text=True)
spread = bert(handle_chinese_chars=True)
strip = bert(strip_accents=True)
lower = bert(lowercase=True)
decompose = normalizers.NFD().normalize_str
split = pre_tokenizers.BertPreTokenizer().pre_tokenize_str


def is_hangul(code):
    return 0xAC00 <= code <= 0xD7A3


def ranges(codes):
    found = []
    for code in sorted(codes):
        if found and found[-1][1] == code - 1:
            found[-1][1] = code
        else:
            found.append([code, code])
    return [f"{first:x}" if first == last else f"{first:x}-{last:x}" for first, last in found]


def combining_classes():
    """The canonical combining class of every character that the library's normal form reorders."""
    top = "\u0345"  # of the highest class
    samples = {240: top}
    for code in SCALARS:
        number = unicodedata.combining(chr(code))
        # Of those alone that the library knows, too.
        if number and decompose(top + chr(code)) == chr(code) + top:
            samples.setdefault(number, chr(code))
    classes = {}
    for code in SCALARS:
        if decompose(chr(code)) != chr(code):
            continue
        moved = decompose(top + chr(code)) == chr(code) + top
        if moved or chr(code) == top:
            # It goes in front of exactly the marks of a higher class.
            classes[code] = max(
                n for n, mark in samples.items() if mark == chr(code) or decompose(mark + chr(code)) == mark + chr(code))
    return classes


def lower_runs(pairs):
    """Runs FIRST-LAST/STRIDE+DISTANCE of characters whose lower case is equally far."""
    runs = []
    for code, target in sorted(pairs.items()):
        if runs:
            first, last, stride, distance = runs[-1]
            step = code - last
            if distance == target - code and step <= 2 and (stride in (0, step)):
                runs[-1] = (first, code, step, distance)
                continue
        runs.append((code, code, 0, target - code))
    return [f"{first:x}-{last:x}/{max(stride, 1)}{distance:+x}" for first, last, stride, distance in runs]


def text(words):
    lines = [""]
    for word in words:
        if len(lines[-1]) + len(word) + 1 > LINE:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + word
    return "\n".join("    " + line for line in lines)


def table(comment, name, words):
    return f'  /// {comment}\n  static let {name} = """\n{text(words)}\n    """\n'


def main():
    removed = [c for c in SCALARS if clean(chr(c)) == ""]
    spaces = [c for c in SCALARS if clean(chr(c)) == " "]
    assert all(clean(chr(c)) == chr(c) for c in set(SCALARS) - set(removed) - set(spaces))
    chinese = [c for c in SCALARS if spread(chr(c)) != chr(c)]
    kept = set(SCALARS) - set(removed) - set(spaces)
    punctuation = [c for c in sorted(kept) if len(split("a" + chr(c) + "a")) == 3]
    # No character that is left is taken for a space.
    assert all(len(split("a" + chr(c) + "a")) != 2 for c in kept)

    classes = combining_classes()
    stripped = {c: strip(chr(c)) for c in SCALARS if strip(chr(c)) != chr(c) and not is_hangul(c)}
    marks = [c for c, rest in stripped.items() if rest == ""]
    # A mark of class 0 goes too, but nothing is reordered across it.
    borders = [c for c in marks if any(ord(x) not in classes for x in decompose(chr(c)))]
    for code, rest in stripped.items():
        whole = decompose(chr(code))
        has_border = any(ord(c) in borders for c in whole)
        assert not has_border or code in borders or rest and all(ord(c) not in classes for c in rest)
    ordered = {}
    for code, number in classes.items():
        if code not in stripped:
            ordered.setdefault(number, []).append(code)

    lowered = {c: lower(chr(c)) for c in SCALARS if lower(chr(c)) != chr(c)}
    assert [c for c, result in lowered.items() if len(result) > 1] == [0x130] and lowered[0x130] == "i\u0307"
    del lowered[0x130]

    replaced = [
        f"{c:x}:" + "+".join(f"{ord(x):x}" for x in rest) for c, rest in stripped.items() if rest != ""]
    tables = [
        table("Left out of every text.", "removed", ranges(removed)),
        table("Taken for a space.", "spaces", ranges(spaces)),
        table("Each a word of its own.", "chinese", ranges(chinese)),
        table("Each a word of its own, once the text is in lower case and without accents.", "punctuation",
              ranges(punctuation)),
        table("Marks that go with the accents and let others be put in order across them.", "marks",
              ranges(set(marks) - set(borders))),
        table("Marks that go with the accents and separate what is put in order.", "separatingMarks", ranges(borders)),
        table("Characters that stay and are put in order: CLASS=CHARACTERS, in ascending order of the class.", "ordered",
              [f"{n:x}={r}" for n, codes in sorted(ordered.items()) for r in ranges(codes)]),
        table("What is left of characters with accents: CHARACTER:CHARACTER+…, Hangul syllables apart.", "stripped",
              replaced),
        table("Lower case: FIRST-LAST/STRIDE±DISTANCE, U+0130 apart.", "lowered",
              lower_runs({c: ord(result) for c, result in lowered.items()})),
    ]
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        file.write("// Written by scripts/references/bert_characters.py from what the tokenizers library does.\n\n")
        file.write("/// How BERT's tokenizer treats characters; all numbers are hexadecimal.\n")
        file.write("enum BERTCharacterData {\n" + "\n".join(tables) + "}\n")


main()
