"""Runs inside the environment that has semble: reads a request from stdin, writes rankings to stdout.

Without a model, a static one with random vectors takes its place and only words count (alpha = 0).
"""

import json
import os
import sys
from pathlib import Path

import numpy as np
from model2vec import StaticModel
from semble import SembleIndex
from tokenizers import Tokenizer, models, pre_tokenizers


def _without_meaning(folder: str) -> str:
    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0, "[PAD]": 1}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    vectors = np.random.default_rng(0).normal(size=(2, 8)).astype(np.float32)
    StaticModel(vectors=vectors, tokenizer=tokenizer).save_pretrained(folder)
    return folder


def main() -> None:
    wanted = json.load(sys.stdin)
    root = wanted["folder"]
    model = wanted["model"] or _without_meaning(str(Path(root).with_name("model")))
    index = SembleIndex.from_path(root, model_path=model)
    alpha = None if wanted["model"] else 0.0
    answers = []
    for query in wanted["queries"]:
        found = index.search(query, top_k=wanted["limit"], alpha=alpha)
        answers.append(
            [
                (
                    os.path.relpath(Path(root, each.chunk.file_path), root),
                    each.chunk.start_line,
                    each.chunk.end_line,
                    len(each.chunk.content),
                )
                for each in found
            ]
        )
    json.dump(answers, sys.stdout)


main()
