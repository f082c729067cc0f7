"""The network of nisqa_tts.tar layer by layer, from the names in the file: no package that others wrote reads it.

Source: Mittag and Möller 2020, and the shapes of the tensors. Nothing of avbench is used.
"""

import torch
from torch.nn import functional as F


def written_out(weights, windows):
    """What the file says of one recording.

    Args:
        weights: `model_state_dict` of the file.
        windows: of the mel spectrum, `[N, 1, 48, 15]`.
    """

    def take(name):
        return weights[name].double()

    x = windows.double()
    for i in range(1, 7):
        x = F.conv2d(x, take(f"cnn.model.conv{i}.weight"), take(f"cnn.model.conv{i}.bias"), padding=1)
        norm = [take(f"cnn.model.bn{i}.{part}") for part in ("running_mean", "running_var", "weight", "bias")]
        x = F.batch_norm(x, *norm).relu()
        if i in (1, 2, 4):
            x = F.max_pool2d(F.pad(x, (1, 1), value=-torch.inf) if i == 1 else x, 2)
    x = F.linear(x.reshape(len(x), -1), take("cnn.model.fc_out.weight"), take("cnn.model.fc_out.bias"))
    ends = []
    for suffix, steps in (("l0", x), ("l0_reverse", x.flip(0))):
        w, u, b, d = (
            take(f"time_dependency.model.lstm.{part}_{suffix}")
            for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        hidden = cell = torch.zeros(u.shape[1], dtype=torch.float64)
        for step in steps:
            i, f, g, o = (w @ step + b + u @ hidden + d).chunk(4)
            cell = f.sigmoid() * cell + i.sigmoid() * g.tanh()
            hidden = o.sigmoid() * cell.tanh()
        ends.append(hidden)
    return float(take("pool.model.linear.weight")[0] @ torch.cat(ends) + take("pool.model.linear.bias")[0])
