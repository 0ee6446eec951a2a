"""Weight files by those who define the formats.

weight-formats.py write FOLDER: files by safetensors, huggingface_hub, gguf, torch and onnx; prints for each its tensors.
weight-formats.py read FILE...: tensors of files of ours, as safetensors and gguf read them.
weight-formats.py corpus: tensors of the models that the onnx package has for its own tests.
weight-formats.py llama2c FILE...: tensors of files of llama2.c by the order of its exporter, and their moments.
weight-formats.py quantise FILE: 32-bit floats of a file as Q8_0 and Q4_0, base64.

A tensor is {shape, sha}: the digest of its numbers as little-endian 32-bit floats in row-major order.
"""

import base64
import collections
import hashlib
import json
import os
import pickle
import struct
import sys
import zipfile

import numpy as np

SEED = 20_261_122


def facts(array, shape=None):
    numbers = np.ascontiguousarray(array.astype("<f4"))
    return {"shape": list(array.shape if shape is None else shape), "sha": hashlib.sha256(numbers.tobytes()).hexdigest()}


def torch_facts(tensors):
    return {name: facts(tensor.detach().float().numpy(), tensor.shape) for name, tensor in tensors.items()}


def numbers(random, *shape):
    return random.standard_normal(shape).astype(np.float32)


def write_safetensors(folder):
    import torch
    from huggingface_hub import save_torch_state_dict
    from safetensors.torch import save_file

    torch.manual_seed(SEED)
    base = torch.randn(12, 32)
    names = ["float32", "float64", "float16", "bfloat16", "float8_e4m3fn", "float8_e5m2", "float8_e8m0fnu"]
    tensors = {name: (base.abs() if "e8m0" in name else base).to(getattr(torch, name)) for name in names}
    for name in ["int8", "uint8", "int16", "int32", "int64", "bool"]:
        tensors[name] = (base * 40).abs().to(getattr(torch, name))
    tensors |= {"scalar": torch.tensor(3.5), "none": torch.zeros(0, 7), "névé/雪": base[:2].clone()}
    save_file(tensors, f"{folder}/all.safetensors", metadata={"format": "pt"})
    yield "all.safetensors", torch_facts(tensors)
    state = collections.OrderedDict((f"layers.{i}.weight", torch.randn(64, 48)) for i in range(9))
    os.mkdir(f"{folder}/sharded")
    save_torch_state_dict(state, f"{folder}/sharded", max_shard_size="30KB")
    yield "sharded", torch_facts(state)


def write_gguf(folder):
    import gguf
    from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType as Type
    from gguf.quants import dequantize, quantize

    random = np.random.default_rng(SEED)
    scales = {"Q2_K": [80, 82], "Q3_K": [108], "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208]}
    for endian in ["little", "big"]:
        name = f"{endian}.gguf"
        order = gguf.GGUFEndian.LITTLE if endian == "little" else gguf.GGUFEndian.BIG
        writer = gguf.GGUFWriter(f"{folder}/{name}", "llama", endianess=order)
        writer.add_string("general.name", "conformance ✓")
        writer.add_array("tokenizer.ggml.tokens", ["<s>", "a", "b" * 50])
        writer.add_array("numbers", [1, 2, 3])
        writer.add_bool("yes", True)
        writer.add_float32("half", 0.5)
        writer.add_uint64("large", 2**60)
        expected = {}
        for kind in ["F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0"]:
            array = numbers(random, 3, 5, 64)
            raw = quantize(array, Type[kind])
            expected[kind] = facts(dequantize(raw, Type[kind]), array.shape)
            add(writer, kind, raw, Type[kind])
        for kind, places in scales.items():
            # gguf does not make these: random quanta under scales that are numbers.
            size = GGML_QUANT_SIZES[Type[kind]][1]
            raw = random.integers(0, 256, (6, 2, size), dtype=np.uint8)
            for place in places:
                raw[:, :, place : place + 2] = numbers(random, 6, 2, 1).astype(np.float16).view(np.uint8)
            expected[kind] = facts(dequantize(raw.reshape(6, 2 * size), Type[kind]), (6, 512))
            add(writer, kind, raw.reshape(6, 2 * size), Type[kind])
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        # Numbers of big-endian files are not decoded here: shapes only.
        yield name, {k: v if endian == "little" else {"shape": v["shape"]} for k, v in expected.items()}


def add(writer, name, raw, kind):
    if kind.name in ("F32", "F16"):
        writer.add_tensor(name, raw)
    else:
        writer.add_tensor(name, raw.view(np.uint8), raw_dtype=kind)


class Hostile:
    def __init__(self, function, args):
        self.reduced = (function, args)

    def __reduce__(self):
        return self.reduced


def write_torch(folder):
    import torch

    torch.manual_seed(SEED)
    base = torch.randn(24, 16)
    state = collections.OrderedDict(
        base=base, tied=base, transposed=base.t(), rows=base[3:9], column=base[:, 5], strided=base[::2, ::3],
        diagonal=base.diagonal(), expanded=base[:1].expand(5, 16), permuted=torch.randn(3, 4, 5).permute(2, 0, 1),
        bf16=base.bfloat16(), half=base.half(), double=base.double(), fp8=base.to(torch.float8_e4m3fn),
        whole=torch.arange(-5, 40), small=torch.arange(7, dtype=torch.uint8), truth=base[0] > 0,
        scalar=torch.tensor(2.25), none=torch.zeros(0, 3),
    )
    for protocol in [1, 2, 3, 4, 5]:
        torch.save(state, f"{folder}/protocol{protocol}.pt", pickle_protocol=protocol)
        yield f"protocol{protocol}.pt", torch_facts(state)
    module = torch.nn.Sequential(torch.nn.Linear(8, 6), torch.nn.BatchNorm1d(6), torch.nn.LSTM(6, 4))
    torch.save(module.state_dict(), f"{folder}/module.pt")
    yield "module.pt", torch_facts(module.state_dict())
    optimiser = torch.optim.Adam(module[0].parameters())
    module[0](torch.randn(2, 8)).sum().backward()
    optimiser.step()
    torch.save({"model": module.state_dict(), "optimizer": optimiser.state_dict(), "epoch": 3}, f"{folder}/checkpoint.pt")
    inner = {f"model.{k}": v for k, v in module.state_dict().items()}
    inner |= {f"optimizer.state.{i}.{k}": v for i, s in optimiser.state_dict()["state"].items() for k, v in s.items()}
    yield "checkpoint.pt", torch_facts(inner)
    torch.save({"p": torch.nn.Parameter(base)}, f"{folder}/parameter.pt")
    yield "parameter.pt", torch_facts({"p": base})
    with zipfile.ZipFile(f"{folder}/protocol2.pt") as stored, zipfile.ZipFile(f"{folder}/deflated.pt", "w", zipfile.ZIP_DEFLATED) as packed:
        for entry in stored.namelist():
            packed.writestr(entry, stored.read(entry))
    yield "deflated.pt", torch_facts(state)
    yield from write_refused(folder, torch, state, module)


def write_refused(folder, torch, state, module):
    """Files that loading would execute something of, and old ones: `refused` names the code."""
    import runpy

    torch.save(state, f"{folder}/legacy.pt", _use_new_zipfile_serialization=False)
    yield "legacy.pt", {"refused": "WEIGHTS_FORMAT"}
    torch.save(module, f"{folder}/whole-module.pt")
    torch.save(module, f"{folder}/legacy-module.pt", _use_new_zipfile_serialization=False)
    torch.jit.save(torch.jit.trace(torch.nn.Linear(3, 2), torch.zeros(1, 3)), f"{folder}/script.pt")
    attacks = {
        "system": (os.system, ("true",)), "eval": (eval, ("1",)), "exec": (exec, ("1",)), "getattr": (getattr, (1, "real")),
        "runpy": (runpy._run_code, ("1", {})), "compile": (compile, ("1", "", "eval")), "import": (__import__, ("os",)),
    }
    for name, (function, args) in attacks.items():
        torch.save(collections.OrderedDict(a=state["base"], b=Hostile(function, args)), f"{folder}/hostile-{name}.pt")
        for protocol in [0, 2, 4]:
            with open(f"{folder}/hostile-{name}-{protocol}.pkl", "wb") as file:
                pickle.dump([Hostile(function, args)], file, protocol=protocol)
            yield f"hostile-{name}-{protocol}.pkl", {"refused": "WEIGHTS_EXECUTABLE"}
        yield f"hostile-{name}.pt", {"refused": "WEIGHTS_EXECUTABLE"}
    # A payload put before an honest pickle, its value thrown away, as injection tools do; a bare import; an old-style instance.
    with zipfile.ZipFile(f"{folder}/protocol2.pt") as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    (data,) = [name for name in entries if name.endswith("data.pkl")]
    payloads = {
        "injected": b"cos\nsystem\n(X\x04\x00\x00\x00truetR0", "imported": b"cos\nsystem\n0",
        "instance": b"(X\x04\x00\x00\x00trueios\nsystem\n0", "extension": b"\x82\x010",
        "object": b"(cos\nsystem\nX\x04\x00\x00\x00trueo0", "stacked": b"\x8c\x02os\x8c\x06system\x930",
        "dotted": b"ccollections\nOrderedDict.fromkeys\n0", "dunder": b"ctorch\n__builtins__\n0",
    }
    for name, payload in payloads.items():
        with zipfile.ZipFile(f"{folder}/{name}.pt", "w") as archive:
            for entry, content in entries.items():
                archive.writestr(entry, content[:2] + payload + content[2:] if entry == data else content)
        yield f"{name}.pt", {"refused": "WEIGHTS_EXECUTABLE"}
    for name in ["whole-module.pt", "legacy-module.pt", "script.pt"]:
        yield name, {"refused": "WEIGHTS_EXECUTABLE"}


def onnx_facts(model, folder=""):
    from onnx import AttributeProto, TensorProto, numpy_helper

    found = {}

    def tensor(message, name):
        if message.data_type == TensorProto.STRING:
            return
        array = numpy_helper.to_array(message, folder)
        small = message.data_type in (TensorProto.INT4, TensorProto.UINT4, TensorProto.FLOAT4E2M1, TensorProto.COMPLEX64,
                                      TensorProto.COMPLEX128, TensorProto.INT2, TensorProto.UINT2)
        found[name] = {"shape": list(message.dims)} if small else facts(array, message.dims)

    def graph(message, prefix):
        for initializer in message.initializer:
            tensor(initializer, prefix + initializer.name)
        for node in message.node:
            for attribute in node.attribute:
                inner = f"{prefix}{node.name or (node.output[0] if node.output else '')}.{attribute.name}"
                if node.op_type == "Constant" and attribute.type == AttributeProto.TENSOR:
                    tensor(attribute.t, prefix + node.output[0])
                if attribute.type == AttributeProto.GRAPH:
                    graph(attribute.g, inner + "/")

    graph(model.graph, "")
    return found


def write_onnx(folder):
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    random = np.random.default_rng(SEED)
    base = numbers(random, 8, 32)
    kinds = ["FLOAT", "DOUBLE", "FLOAT16", "BFLOAT16", "FLOAT8E4M3FN", "FLOAT8E5M2", "FLOAT8E4M3FNUZ", "FLOAT8E5M2FNUZ"]
    typed = [helper.make_tensor(kind, getattr(TensorProto, kind), [8, 32], base.flatten()) for kind in kinds]
    whole = np.abs(base.flatten() * 7).astype(np.int64)
    for kind in ["INT8", "UINT8", "INT16", "UINT16", "INT32", "UINT32", "INT64", "UINT64", "BOOL", "INT4", "UINT4"]:
        values = whole > 3 if kind == "BOOL" else whole % 8
        typed.append(helper.make_tensor(kind, getattr(TensorProto, kind), [8, 32], values))
    typed.append(helper.make_tensor("negative", TensorProto.INT32, [3], [-1, -2**31, 5]))
    typed.append(helper.make_tensor("texts", TensorProto.STRING, [1], [b"text"]))
    raw = [numpy_helper.from_array(base, "raw"), numpy_helper.from_array(np.float32(2.5), "scalar")]
    branch = helper.make_graph([], "branch", [], [helper.make_tensor_value_info("w", TensorProto.FLOAT, [8, 32])],
                               [numpy_helper.from_array(base * 2, "w")])
    other = helper.make_graph([helper.make_node("Constant", [], ["k"], value=numpy_helper.from_array(base * 3, "ignored"))],
                              "other", [], [helper.make_tensor_value_info("k", TensorProto.FLOAT, [8, 32])])
    nodes = [helper.make_node("If", ["c"], ["y"], name="choice", then_branch=branch, else_branch=other)]
    graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info("c", TensorProto.BOOL, [])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, [8, 32])], raw + typed)
    model = helper.make_model(graph, producer_name="phalanx")
    helper.set_model_props(model, {"licence": "none"})
    with open(f"{folder}/typed.onnx", "wb") as file:
        file.write(model.SerializeToString())
    yield "typed.onnx", onnx_facts(model)
    os.mkdir(f"{folder}/external")
    onnx.save_model(model, f"{folder}/external/model.onnx", save_as_external_data=True, location="model.data", size_threshold=0)
    loaded = onnx.load(f"{folder}/external/model.onnx", load_external_data=True)
    yield "external/model.onnx", onnx_facts(loaded)
    for name, location in {"up": "../model.data", "absolute": "/etc/hostname", "drive": "C:\\model.data", "deep": "a/../../x"}.items():
        escaping = onnx.load(f"{folder}/external/model.onnx", load_external_data=False)
        for initializer in escaping.graph.initializer:
            for entry in initializer.external_data:
                if entry.key == "location":
                    entry.value = location
        with open(f"{folder}/external/{name}.onnx", "wb") as file:
            file.write(escaping.SerializeToString())
        yield f"external/{name}.onnx", {"refused": "WEIGHTS_FORMAT"}


def corpus():
    import pathlib

    import onnx

    folder = pathlib.Path(onnx.__file__).parent / "backend" / "test" / "data"
    for path in sorted(folder.rglob("*.onnx")):
        try:
            yield str(path), onnx_facts(onnx.load(path), str(path.parent))
        except Exception as error:
            yield str(path), {"unread": str(error)}


def read(path):
    if path.endswith(".safetensors"):
        from safetensors import safe_open

        with safe_open(path, "pt") as file:
            return {"tensors": torch_facts({name: file.get_tensor(name) for name in file.keys()}), "metadata": file.metadata()}
    import gguf
    from gguf.quants import dequantize

    reader = gguf.GGUFReader(path)
    shape = lambda tensor: [int(size) for size in reversed(tensor.shape)]
    tensors = {t.name: facts(dequantize(t.data, t.tensor_type), shape(t)) for t in reader.tensors}
    return {"tensors": tensors, "metadata": {k: str(field.contents()) for k, field in reader.fields.items()}}


def llama2c(path):
    sizes = struct.unpack("<7i", open(path, "rb").read(28))
    dim, hidden, layers, heads, kv_heads, vocabulary, positions = sizes
    rest = np.fromfile(path, "<f4", offset=28)
    found = {}

    def take(name, *shape):
        nonlocal rest
        count = int(np.prod(shape))
        array, rest = rest[:count].reshape(shape), rest[count:]
        wide = array.astype(np.float64)
        centred = wide - wide.mean()
        moments = [wide.mean(), wide.std(), (centred**4).mean() / (centred**2).mean() ** 2 if centred.any() else 0]
        found[name] = {**facts(array), "moments": moments}

    def each(name, *shape):
        for i in range(layers):
            take(f"layers.{i}.{name}.weight", *shape)

    keys = dim * kv_heads // heads
    take("tok_embeddings.weight", abs(vocabulary), dim)
    each("attention_norm", dim)
    each("attention.wq", dim, dim)
    each("attention.wk", keys, dim)
    each("attention.wv", keys, dim)
    each("attention.wo", dim, dim)
    each("ffn_norm", dim)
    each("feed_forward.w1", hidden, dim)
    each("feed_forward.w2", dim, hidden)
    each("feed_forward.w3", hidden, dim)
    take("norm.weight", dim)
    take("freqs_cos", positions, dim // heads // 2)
    take("freqs_sin", positions, dim // heads // 2)
    if vocabulary < 0:
        take("output.weight", -vocabulary, dim)
    assert rest.size == 0
    return found


def quantise(path):
    from gguf.constants import GGMLQuantizationType as Type
    from gguf.quants import quantize

    array = np.fromfile(path, "<f4").reshape(-1, 32)
    return {kind: base64.b64encode(quantize(array, Type[kind]).tobytes()).decode() for kind in ["Q8_0", "Q4_0"]}


def main():
    mode, *args = sys.argv[1:]
    if mode == "write":
        result = {}
        for make in [write_safetensors, write_gguf, write_torch, write_onnx]:
            result.update(make(args[0]))
    elif mode == "read":
        result = {path: read(path) for path in args}
    elif mode == "llama2c":
        result = {path: llama2c(path) for path in args}
    elif mode == "corpus":
        result = dict(corpus())
    else:
        result = quantise(args[0])
    print(json.dumps(result))


main()
