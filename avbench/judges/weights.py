"""Reading weights that others have stored: PyTorch files, Keras 3 files of convolutions.

Nothing in a file is run. Names and layout that come out are PyTorch's.

Contents: `read_torch`, `read_keras_convolutions`.
"""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any

from ..errors import BadFile
from ..extras import need

if TYPE_CHECKING:
    from torch import Tensor


def read_torch(path: Path) -> Any:
    """What a PyTorch file holds, on the CPU: tensors and plain containers, or nothing.

    Raises:
        BadFile: it is none, or holds anything else.
    """
    import torch

    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except (UnpicklingError, RuntimeError, EOFError, ValueError, OSError, KeyError) as error:
        raise BadFile(f"{path} is not a file of PyTorch weights ({type(error).__name__}).") from error


def read_keras_convolutions(path: Path, groups: Mapping[str, str]) -> dict[str, "Tensor"]:
    """Some convolutions of a `.keras` file whose kernels are stored as (width, height, in, out).

    Args:
        path: a zip that holds `model.weights.h5`.
        groups: name that the convolution shall have, to its group in the HDF5 file.

    Returns:
        `{"<name>.weight": [out, in, height, width], "<name>.bias": [out]}`.

    Raises:
        BadFile: it is no such file, or a group is missing.
        MissingResource: h5py is not installed.
    """
    import torch

    h5py = need("h5py", extra="images", purpose="weights in Keras files")
    state = {}
    try:
        with zipfile.ZipFile(path) as packed:
            content = io.BytesIO(packed.read("model.weights.h5"))
        with h5py.File(content) as file:
            for name, group in groups.items():
                kernel, bias = (file[f"{group}/layers/conv2d/vars/{i}"][:] for i in (0, 1))
                state[f"{name}.weight"] = torch.from_numpy(kernel.transpose(3, 2, 1, 0).copy())
                state[f"{name}.bias"] = torch.from_numpy(bias)
    except (zipfile.BadZipFile, KeyError, OSError, ValueError) as error:
        raise BadFile(f"{path} is not the Keras file that was expected ({type(error).__name__}).") from error
    return state
