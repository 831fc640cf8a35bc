#!/usr/bin/env python3
"""Texts of every kind, a vocabulary for them, and the ids that transformers' BertTokenizer makes of them.

    wordpiece.py FOLDER COUNT SEED

Writes FOLDER/vocab.txt and FOLDER/cases.tsv, a line a text: the options (lower case, accents, Chinese; `1`, `0`, and `-`
for "as the case is"), the limit, the text's UTF-8 in hexadecimal, the ids.
"""

import os
import random
import sys

from tokenizers import normalizers
from transformers import BertTokenizer

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
OPTIONS = [("1", "-", "1"), ("0", "-", "1"), ("1", "0", "1"), ("0", "1", "0"), ("1", "1", "0"), ("0", "0", "0")]
VALUES = {"1": True, "0": False, "-": None}


def span(first, last):
    return [chr(c) for c in range(first, last + 1) if not 0xD800 <= c <= 0xDFFF]


POOLS = {
    "latin": span(0x61, 0x7A) + span(0x41, 0x5A),
    "digits": span(0x30, 0x39),
    "ascii": span(0x20, 0x7E),
    "chinese": list("红色连衣裙夏季新款直播间优惠只要九块包邮宝宝们看一下这个是真丝的版型") + span(0x4E00, 0x4E80),
    "accents": span(0xC0, 0x24F) + span(0x1E00, 0x1EFF),
    "greek": span(0x370, 0x3FF) + span(0x1F00, 0x1FFF) + list("ΣσςΑΣΑΣ"),
    "cyrillic": span(0x400, 0x52F),
    "turkish": list("İIıiŞşĞğÇçÖöÜü"),
    "other cases": span(0x10A0, 0x10FF) + span(0x13A0, 0x13FF) + span(0x2C00, 0x2D2F) + span(0x10400, 0x1044F)
    + span(0xA640, 0xA7FF) + span(0x1C80, 0x1CBF),
    "marks": span(0x300, 0x36F) + span(0x1DC0, 0x1DFF) + span(0x20D0, 0x20FF) + span(0xFE00, 0xFE2F),
    "ordered marks": list("\u302e\u302f\u1b44\ua953\ua9c0\u1baa\u093c\u094d\u0323\u0301\u0345\u0327\u1dfb\u08d4\u08e1")
    + span(0x1D165, 0x1D172) + span(0x1E000, 0x1E00A) + span(0x1E944, 0x1E94A) + ["\U00011446", "\U00011442"],
    "separated marks": list("\u302e\u302f\u1b44\ua953\U0001d16d\u0941\u0900\u0c46\u0fb2\u0301\u0c48\u0f76"),
    "indic": span(0x900, 0xD7F) + span(0xE00, 0xFFF),
    "semitic": span(0x590, 0x77F) + span(0x800, 0x8FF),
    "kana": span(0x3000, 0x30FF) + span(0x31F0, 0x32FF),
    "hangul": span(0xAC00, 0xAD00) + span(0xD700, 0xD7FF) + span(0x1100, 0x11FF),
    "full width": span(0xFF00, 0xFFEF),
    "forms": span(0x2000, 0x2BFF) + span(0x3300, 0x33FF) + span(0xFB00, 0xFDFF),
    "rare chinese": span(0x3400, 0x3420) + span(0xF900, 0xFAFF) + span(0x20000, 0x20010) + span(0x2A6D8, 0x2A702)
    + span(0x2B738, 0x2B742) + span(0x2B81A, 0x2B830) + span(0x2B918, 0x2B924) + span(0x2CEA8, 0x2CEB8)
    + span(0x2F800, 0x2FA20) + span(0x30000, 0x30010) + span(0x9FF0, 0x9FFF),
    "emoji": span(0x1F300, 0x1F6FF) + span(0x1F900, 0x1F9FF) + list("\u200d\ufe0f❤"),
    "controls": span(0, 0x20) + span(0x7F, 0xA0) + list("\u00ad\u200b\u200c\u200d\u200e\u2028\u2029\u2060\ufeff\ufffd"),
    "private": span(0xE000, 0xE010) + span(0xF8F0, 0xF8FF) + span(0xF0000, 0xF0008) + span(0x10FFF0, 0x10FFFF),
    "at the surrogates": list("\ud7fe\ud7ff\ue000\ufffe\uffff\U0001ffff\U0002fffe") + span(0xD7F0, 0xD7FF),
    "high planes": span(0x10000, 0x1FFFF),
    "all": span(0, 0x10FFFF),
}
FAMILIES = ["👩‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "🇨🇳", "1️⃣", "e\u0301\u0323", "가\u11a8", "ﬁ", "①②", "ǅ", "ẞ", "ŉ", "Ω\u0345"]
SENTENCES = ["Hello, world! It's 3.14", "直播间专属优惠,只要¥99!", "This is a T-shirt (M/L/XL) - 纯棉100%", "naïve café RÉSUMÉ"]


def words(draw):
    pool = POOLS[draw.choice(list(POOLS))]
    length = draw.choice([1, 1, 2, 3, 5, 8])
    kind = draw.random()
    if kind < 0.04:
        length = draw.choice([99, 100, 101, 150, 400])
    if kind > 0.93:
        return draw.choice(SPECIAL + [s.lower() for s in SPECIAL] + ["[CLS", "SEP]", "[[SEP]]", "[ UNK ]", "##a", "[unused1]"])
    if kind > 0.9:
        return draw.choice(FAMILIES)
    if kind > 0.87:
        return draw.choice(SENTENCES)
    return "".join(draw.choice(pool) for _ in range(length))


def texts(draw, count):
    found = ["", " ", "[CLS]", "\u0301", "\u0000"]
    while len(found) < count:
        separators = draw.choice([[""], [" "], ["", " ", "\u3000", "\n", "\u200b"]])
        found.append("".join(words(draw) + draw.choice(separators) for _ in range(draw.randint(1, 12))))
    return found


def vocabulary(draw, found):
    """Most characters that the texts are made of once normalised, some of their words and parts of words."""
    rules = [normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=True, strip_accents=strip, lowercase=low)
             for strip in (False, True) for low in (False, True)]
    characters, pieces = set(), set()
    for text in found:
        for rule in rules:
            normal = rule.normalize_str(text)
            characters.update(normal)
            for word in normal.split():
                first = draw.randrange(len(word))
                if draw.random() < 0.5:
                    pieces.add(("" if first == 0 else "##") + word[first:first + draw.randint(2, 6)])
                if draw.random() < 0.02:
                    pieces.add(word)
    for character in characters:
        if draw.random() < 0.9:
            pieces.add(character)
        if draw.random() < 0.95:
            pieces.add("##" + character)
    listed = sorted(p for p in pieces if p == p.rstrip() and not set(p) & set("\r\n"))
    draw.shuffle(listed)
    # Lines that repeat, are empty, or end in spaces.
    listed[5:5] = [listed[0], "", listed[1] + " \t", listed[2] + "\u3000"]
    return SPECIAL + ["[unused1]"] + listed


def main():
    folder, count, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    draw = random.Random(seed)
    found = texts(draw, count)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "vocab.txt"), "w", encoding="utf-8", newline="") as file:
        for number, piece in enumerate(vocabulary(draw, found)):
            file.write(piece + ("\r\n" if number % 7 == 3 else "\n"))
    tokenizers = [
        BertTokenizer.from_pretrained(
            folder, do_lower_case=VALUES[lower], strip_accents=VALUES[accents],
            tokenize_chinese_chars=VALUES[chinese]) for lower, accents, chinese in OPTIONS]
    assert len(tokenizers[0]) > 10
    with open(os.path.join(folder, "cases.tsv"), "w", encoding="ascii") as file:
        for text in found:
            number = draw.choice([0, 0, 0, 1, 2, 3, 4, 5])
            limit = draw.choice([2, 5, 12, 52, 100_000, 100_000])
            ids = tokenizers[number](text, truncation=True, max_length=limit)["input_ids"]
            line = ["".join(OPTIONS[number]), str(limit), text.encode().hex(), " ".join(map(str, ids))]
            file.write("\t".join(line) + "\n")


main()
