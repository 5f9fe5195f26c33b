"""What chapter 8 says of attention, held against another library's attention."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from genre_lite import ModelConfig
from genre_lite.model import Attention


@pytest.mark.equation("autoregressive-attention")
@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("heads", [1, 4])
def test_attention_is_the_masked_softmax_of_the_chapter(heads, causal):
    generator = torch.Generator().manual_seed(0)
    layer = Attention(ModelConfig(width=16, heads=heads)).eval()
    x = torch.randn(3, 7, 16, generator=generator)
    with torch.inference_mode():
        key, value = layer.memory(x)
        query = layer.split(layer.query(x))
        mixed = F.scaled_dot_product_attention(query, key, value, is_causal=causal)
        expected = layer.out(mixed.transpose(1, 2).flatten(2))
        found = layer(x, (key, value), causal=causal)
    torch.testing.assert_close(found, expected)
    assert found.std() > 0.01
