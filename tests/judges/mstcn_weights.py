"""Random weights of a lip reader in the format in which those of Martinez et al. 2020 are published."""

import math

import torch


def norm(name, size):
    counter = {f"{name}.num_batches_tracked": ()}
    return {f"{name}.{part}": (size,) for part in ("weight", "bias", "running_mean", "running_var")} | counter


def published_shapes(prelu, words=500):
    """Names and shapes of the tensors of lrw_resnet18_mstcn, written out from its published description."""
    shapes = {"frontend3D.0.weight": (64, 1, 5, 7, 7)} | norm("frontend3D.1", 64)
    slopes = {"frontend3D.2.weight": 64}
    for layer, (wide, out) in enumerate(((64, 64), (64, 128), (128, 256), (256, 512)), start=1):
        for block in (0, 1):
            name = f"trunk.layer{layer}.{block}"
            shapes[f"{name}.conv1.weight"] = (out, wide if block == 0 else out, 3, 3)
            shapes[f"{name}.conv2.weight"] = (out, out, 3, 3)
            shapes |= norm(f"{name}.bn1", out) | norm(f"{name}.bn2", out)
            slopes |= {f"{name}.relu1.weight": out, f"{name}.relu2.weight": out}
            if layer > 1 and block == 0:
                shapes[f"{name}.downsample.0.weight"] = (out, wide, 1, 1)
                shapes |= norm(f"{name}.downsample.1", out)
    for level in range(4):
        name, wide = f"tcn.mb_ms_tcn.network.{level}", 512 if level == 0 else 768
        for row in (0, 1):
            for k, kernel in enumerate((3, 5, 7)):
                branch = f"{name}.cbcr{row}_{k}"
                shapes[f"{branch}.conv.weight"] = (256, wide if row == 0 else 768, kernel)
                shapes |= {f"{branch}.conv.bias": (256,)} | norm(f"{branch}.batchnorm", 256)
                slopes[f"{branch}.non_lin.weight"] = 256
        shapes |= {f"{name}.downsample.weight": (768, wide, 1), f"{name}.downsample.bias": (768,)}
        slopes[f"{name}.relu_final.weight"] = 768
    shapes |= {"tcn.tcn_output.weight": (words, 768), "tcn.tcn_output.bias": (words,)}
    return shapes | ({name: (size,) for name, size in slopes.items()} if prelu else {})


def made_state(prelu, seed=0, words=500):
    generator, state = torch.Generator().manual_seed(seed), {}
    for name, shape in published_shapes(prelu, words).items():
        if name.endswith("num_batches_tracked"):
            state[name] = torch.tensor(7)
        elif len(shape) > 1:
            fan = math.prod(shape[1:])
            state[name] = torch.randn(shape, generator=generator) * (2.0 / fan) ** 0.5
        else:
            state[name] = 0.5 + torch.rand(shape, generator=generator)
    return state


def hollow_state(words):
    """Zeros of the right shapes that take no room: for files that are refused."""
    return {name: torch.zeros(()).expand(shape) for name, shape in published_shapes(True, words).items()}
