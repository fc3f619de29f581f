"""Peer: PyTorch, f32, eager: on the CPU, or where a card is measured and PyTorch has one, there with TF32 off. Argument: the request as
JSON; prints the answer as JSON.

The model is the same decoder as the measured one (RMSNorm, RoPE, causal attention, SwiGLU, tied head), its step is forward, mean
cross-entropy over all next tokens, backward, clipping of the global norm to 1, AdamW.
"""
import json
import sys
import time

import torch
import torch.nn.functional as F

request = json.loads(sys.argv[1])
torch.set_num_threads(request["threads"])
torch.backends.cuda.matmul.allow_tf32 = False
on_card = request["card"] and torch.cuda.is_available()
torch.set_default_device("cuda" if on_card else "cpu")
torch.manual_seed(1)


def windows(once):
    def timed(times):
        start = time.perf_counter()
        for _ in range(times):
            once()
        if on_card:
            torch.cuda.synchronize()
        return time.perf_counter() - start

    timed(1)
    times = max(1, int(request["seconds"] / timed(1) + 0.999))
    return [timed(times) / times for _ in range(request["windows"])]


def normed(x, weight):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * weight


def rotated(x, cosines, sines):
    half = x.shape[-1] // 2
    return x * cosines + torch.cat((-x[..., half:], x[..., :half]), -1) * sines


def model_step(batch, tokens):
    shape = request["model"]
    width, inner, heads, size = shape["hiddenSize"], shape["intermediateSize"], shape["heads"], shape["headSize"]
    vocabulary = shape["vocabSize"]

    def parameter(rows, columns):
        return torch.nn.Parameter(torch.randn(rows, columns) * columns**-0.5)

    embedding = parameter(vocabulary, width)
    layers = [
        {
            "first": torch.nn.Parameter(torch.ones(width)),
            "qkv": parameter(3 * heads * size, width),
            "out": parameter(width, heads * size),
            "second": torch.nn.Parameter(torch.ones(width)),
            "gate": parameter(2 * inner, width),
            "down": parameter(width, inner),
        }
        for _ in range(shape["layers"])
    ]
    final = torch.nn.Parameter(torch.ones(width))
    parameters = [embedding, final] + [p for layer in layers for p in layer.values()]
    optimizer = torch.optim.AdamW(parameters, lr=1e-3, betas=(0.9, 0.98), weight_decay=0.05)
    angles = torch.outer(torch.arange(tokens).float(), 10000 ** (-torch.arange(0, size, 2).float() / size))
    cosines, sines = torch.cat((angles, angles), -1).cos(), torch.cat((angles, angles), -1).sin()
    ids = torch.randint(0, vocabulary, (batch, tokens))

    def once():
        x = embedding[ids]
        for layer in layers:
            q, k, v = F.linear(normed(x, layer["first"]), layer["qkv"]).view(batch, tokens, 3, heads, size).unbind(2)
            q, k, v = (t.transpose(1, 2) for t in (q, k, v))
            q, k = rotated(q, cosines, sines), rotated(k, cosines, sines)
            mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(batch, tokens, -1)
            x = x + F.linear(mixed, layer["out"])
            gate, up = F.linear(normed(x, layer["second"]), layer["gate"]).chunk(2, -1)
            x = x + F.linear(F.silu(gate) * up, layer["down"])
        logits = F.linear(normed(x, final)[:, :-1], embedding)
        loss = F.cross_entropy(logits.reshape(-1, vocabulary), ids[:, 1:].reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()

    return once


def stack_step():
    stack = request["stack"]
    tokens, width, inner = stack["tokens"], stack["width"], stack["inner"]
    x, g = torch.randn(tokens, width), torch.randn(tokens, width)
    weights = [
        torch.nn.Parameter(torch.randn(*shape) * shape[0] ** -0.5)
        for _ in range(stack["blocks"])
        for shape in ((width, inner), (width, inner), (inner, width))
    ]
    optimizer = torch.optim.SGD(weights, lr=1e-5)

    def once():
        y = x
        for i in range(0, len(weights), 3):
            y = y + (F.silu(y @ weights[i]) * (y @ weights[i + 1])) @ weights[i + 2]
        optimizer.zero_grad()
        (y * g).sum().backward()
        optimizer.step()

    return once


side = request["side"]
a, b = torch.randn(side, side), torch.randn(side, side)
print(
    json.dumps(
        {
            "version": f"PyTorch {torch.__version__}, "
            + (torch.cuda.get_device_name() if on_card else f"CPU, {torch.get_num_threads()} threads"),
            "where": "card" if on_card else "CPU",
            "matmul": windows(lambda: a @ b),
            "stack": windows(stack_step()),
            "steps": [windows(model_step(batch, tokens)) for batch, tokens in request["batches"]],
            "syncFloor": 0,
        }
    )
)
