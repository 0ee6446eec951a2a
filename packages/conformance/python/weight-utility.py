"""A small Llama and its vocabulary by transformers and SentencePiece.

weight-utility.py score FOLDER: reads {"tokens": [[...], ...]} on standard input, prints for each sequence ln of the probabilities of all
tokens after each token, by LlamaForCausalLM in 64-bit floats: {"file": F, "shapes": [...]}, F a file of 32-bit floats in FOLDER.
weight-utility.py draw FOLDER SEED: writes a random LlamaForCausalLM of odd sizes with its own output matrix; prints its sizes.
weight-utility.py encode FILE: reads {"texts": [...]}, prints tokens by SentencePiece BPE over the pieces of a llama2.c vocabulary.
"""

import json
import os
import struct
import sys

import numpy as np


def score(folder):
    import torch
    from transformers import LlamaForCausalLM

    model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float64).eval()
    path = os.path.join(folder, "log-probabilities.f32")
    shapes = []
    with open(path, "wb") as out, torch.no_grad():
        for tokens in json.load(sys.stdin)["tokens"]:
            logits = model(torch.tensor([tokens])).logits[0]
            logs = torch.log_softmax(logits, dim=-1).numpy().astype("<f4")
            shapes.append(list(logs.shape))
            out.write(logs.tobytes())
    print(json.dumps({"file": path, "shapes": shapes}))


def draw(folder, seed):
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    sizes = dict(
        vocab_size=101,
        hidden_size=60,
        intermediate_size=77,
        num_hidden_layers=3,
        num_attention_heads=6,
        num_key_value_heads=2,
        rms_norm_eps=1e-6,
        initializer_range=0.3,
        tie_word_embeddings=False,
    )
    model = LlamaForCausalLM(LlamaConfig(**sizes))
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.dim() == 1:
                weight.normal_(1.0, 0.3)
    model.save_pretrained(folder)
    print(json.dumps(sizes))


def encode(path):
    import sentencepiece
    from sentencepiece import sentencepiece_model_pb2 as proto

    data = open(path, "rb").read()
    model = proto.ModelProto()
    at = 4
    while at < len(data):
        piece_score, length = struct.unpack_from("<fi", data, at)
        text = data[at + 8 : at + 8 + length].decode()
        at += 8 + length
        piece = model.pieces.add()
        number = len(model.pieces) - 1
        piece.score = piece_score
        if number == 0:
            piece.piece, piece.type = "<unk>", 2
        elif number < 3:
            piece.piece, piece.type = ("<s>", "</s>")[number - 1], 3
        elif number < 259:
            piece.piece, piece.type = text, 6
        else:
            piece.piece, piece.type = text.replace(" ", "\u2581"), 1
    model.trainer_spec.model_type = 2
    model.trainer_spec.byte_fallback = True
    model.trainer_spec.vocab_size = len(model.pieces)
    model.normalizer_spec.name = "identity"
    model.normalizer_spec.add_dummy_prefix = True
    model.normalizer_spec.remove_extra_whitespaces = False
    model.normalizer_spec.escape_whitespaces = True
    processor = sentencepiece.SentencePieceProcessor(model_proto=model.SerializeToString())
    print(json.dumps([processor.encode(text, add_bos=True) for text in json.load(sys.stdin)["texts"]]))


if __name__ == "__main__":
    np.seterr(all="raise", under="ignore")
    command = sys.argv[1]
    if command == "score":
        score(sys.argv[2])
    elif command == "draw":
        draw(sys.argv[2], int(sys.argv[3]))
    else:
        encode(sys.argv[2])
