"""The sequence parts of the recognisers: torchaudio's Conformer as encoder, torch's Transformer as decoder.

Source: Gulati et al. 2020, "Conformer"; Vaswani et al. 2017, "Attention is all you need"; sizes by the recipe.

Conventions: steps `[B, S, dim]`; `valid` `[B, S]` bool; text `[B, L]` int64, beginning with the edge sign.

Contents: `Encoder`, `TextDecoder`, `add_positions`.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from avbench.extras import need

from .recipe import VcafeRecipe


class Encoder(nn.Module):
    """Features to memory: a layer to the model's width, positions, the Conformer.

    Args:
        inputs: features of a step.
        recipe: sizes.

    Raises:
        MissingResource: torchaudio is not installed.
    """

    def __init__(self, inputs: int, recipe: VcafeRecipe):
        super().__init__()
        models = need("torchaudio.models", extra="asr", purpose="the Conformer of the recognisers")
        self.widen = nn.Linear(inputs, recipe.dim)
        self.drop = nn.Dropout(recipe.dropout)
        self.conformer = models.Conformer(
            recipe.dim, recipe.heads, recipe.feed_forward, recipe.encoder_layers, recipe.kernel, recipe.dropout
        )

    def forward(self, features: Tensor, valid: Tensor) -> Tensor:
        """`[B, S, inputs]` to `[B, S, dim]`; what lies beyond a clip is attended to by nobody, but not zero."""
        steps = self.drop(add_positions(self.widen(features))) * valid[..., None]
        return self.conformer(steps, valid.sum(1))[0]


class TextDecoder(nn.Module):
    """What comes next, from the memory and the characters so far.

    Args:
        recipe: sizes.
        tokens: how many characters there are.
    """

    def __init__(self, recipe: VcafeRecipe, tokens: int):
        super().__init__()
        self.embed = nn.Embedding(tokens, recipe.dim)
        self.drop = nn.Dropout(recipe.dropout)
        layer = nn.TransformerDecoderLayer(
            recipe.dim, recipe.heads, recipe.feed_forward, recipe.dropout, batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerDecoder(layer, recipe.decoder_layers, nn.LayerNorm(recipe.dim))
        self.out = nn.Linear(recipe.dim, tokens)
        for weight in self.layers.parameters():  # torch copies one layer, initial values and all
            if weight.ndim > 1:
                nn.init.xavier_uniform_(weight)
        nn.init.normal_(self.embed.weight, std=recipe.dim**-0.5)

    def forward(self, text: Tensor, memory: Tensor, valid: Tensor | None = None) -> Tensor:
        """Log probabilities of the character after each one of `[B, L]`: `[B, L, tokens]` float32."""
        steps = self.embed(text) * math.sqrt(self.embed.embedding_dim)
        future = torch.ones(text.shape[1], text.shape[1], dtype=torch.bool, device=text.device).triu(1)
        hidden = self.layers(
            self.drop(add_positions(steps)), memory.to(steps.dtype), tgt_mask=future,
            memory_key_padding_mask=None if valid is None else ~valid,
        )  # fmt: skip
        return F.log_softmax(self.out(hidden).float(), -1)


def add_positions(steps: Tensor) -> Tensor:
    """Sines and cosines of each step's place added (Vaswani et al. 2017, section 3.5); `[B, S, dim]`, dim even."""
    places = torch.arange(steps.shape[1], device=steps.device)[:, None]
    rates = torch.exp(torch.arange(0, steps.shape[2], 2, device=steps.device) * (-math.log(10_000.0) / steps.shape[2]))
    angles = places * rates
    return steps + torch.stack([angles.sin(), angles.cos()], -1).flatten(1).to(steps.dtype)
