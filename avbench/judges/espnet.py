"""A speech recogniser of ESPnet: any model pack of its ASR recipes, by path or by its name in the model zoo.

Source: Watanabe et al. 2018, "ESPnet: end-to-end speech processing toolkit". Every user has a pack of their own: its
digest stands in the result, and rates that come from two packs are not comparable.

Conventions: sound is resampled to the rate of the pack. Decoding is ESPnet's default, written out here so that another
version cannot change it: joint CTC and attention, beam of 20, CTC weight 0.5, language model weight 1, no penalty.

Safety and quiet: ESPnet unpickles whole objects, which may run code. Here its networks are built without weights, which
are then read as plain tensors and nothing else; a pack that lacks some is refused, where ESPnet would go on with random
ones. Nothing is downloaded: a dependency of ESPnet fetches a dictionary upon import, which is not needed and is
suppressed. See `espnet_pack` for the archive.

Contents: `EspnetRecogniser`, `load_espnet`, `quiet_import`, `ROWS`.
"""

import io
import pickle
import shutil
import tempfile
import warnings
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from ..errors import BadFile, EstimateFault
from ..extras import need
from ..signal.audio import RATE, resample
from ..types import Audio
from .assets import Asset
from .espnet_pack import Pack, fetch_pack, open_pack, resolve_pack
from .judge import Judge

if TYPE_CHECKING:
    import torch

DECODING = dict(beam_size=20, ctc_weight=0.5, lm_weight=1.0, penalty=0.0, maxlenratio=0.0, minlenratio=0.0)


class EspnetRecogniser:
    """A loaded pack.

    Args:
        decoder: an `espnet2.bin.asr_inference.Speech2Text` with weights in place.
        rate: of the sound it takes, Hz.
    """

    def __init__(self, decoder: Any, rate: int):
        self._decoder = decoder
        self.rate = rate
        self._lock = Lock()

    def transcribe(self, audio: Audio) -> str:
        """What is said, as the pack writes it; `""` where it hears nothing.

        Args:
            audio: finite, of any rate.

        Raises:
            EstimateFault: too short for the network.
        """
        from espnet.nets.pytorch_backend.transformer.subsampling import TooShortUttError

        try:
            with self._lock, warnings.catch_warnings():  # it calls what this torch will drop one day
                warnings.simplefilter("ignore", FutureWarning)
                found = self._decoder(resample(audio, self.rate).samples)
        except TooShortUttError as error:
            raise EstimateFault(f"the estimate lasts {audio.seconds:.3f} s, too short for the recogniser") from error
        best = found[0] if isinstance(found, tuple) else found  # a tuple holds what the lower layers think, too
        return best[0][0] if best else ""


def load_espnet(pack: Path, device: str = "cpu") -> EspnetRecogniser:
    """Read a model pack.

    Args:
        pack: an archive, or a folder that one was unpacked to.
        device: `"cpu"` or `"cuda"`.

    Raises:
        MissingResource: ESPnet is not installed, or the pack needs a model from elsewhere.
        BadFile: not a model pack of a recogniser.
    """
    import torch

    need("espnet2", extra="asr", purpose="recognising speech")
    torch.empty(0, device=device)  # a device that is not there is no fault of the pack
    room = Path(tempfile.mkdtemp(prefix="avbench-espnet-"))
    try:
        content = open_pack(Path(pack), room)
        with quiet_import():
            from espnet2.bin.asr_inference import Speech2Text
        try:
            recogniser = EspnetRecogniser(_build(Speech2Text, content, device), _rate(content))
        except torch.OutOfMemoryError:
            raise
        except (KeyError, TypeError, ValueError, AttributeError, RuntimeError, pickle.UnpicklingError) as error:
            raise BadFile(f"{pack} is not a model pack that this ESPnet can use: {_first_line(error)}") from error
    except BaseException:
        shutil.rmtree(room, ignore_errors=True)
        raise
    # The word-piece model is read when the first sentence is written: files stay for as long as the recogniser does.
    weakref.finalize(recogniser, shutil.rmtree, room, ignore_errors=True)
    return recogniser


def _build(speech2text: Any, pack: Pack, device: str) -> Any:
    """ESPnet's decoder, built without weights and then filled."""
    configs = {name: path for name, path in pack.files.items() if name.endswith("_train_config")}
    tokens = pack.config.get("token_list")
    # A beam as wide as a small vocabulary takes in the blank, which then wins with a score of 0: one less.
    most = len(tokens) - 1 if isinstance(tokens, list) else DECODING["beam_size"]
    decoding = DECODING | {"beam_size": min(DECODING["beam_size"], most)}
    decoder = speech2text(**configs, device=device, **decoding)
    _fill(decoder.asr_model, _tensors(pack.files["asr_model_file"]))
    if "lm_train_config" in pack.files:
        search = decoder.beam_search_transducer
        model = search.lm if search is not None else decoder.beam_search.nn_dict["lm"]
        weights = _tensors(pack.files["lm_file"])
        _fill(model, {name.removeprefix("lm."): tensor for name, tensor in weights.items()})
    return decoder


def _tensors(path: Path) -> "Mapping[str, torch.Tensor]":
    """Weights of a checkpoint, which may hold nothing but tensors and plain values."""
    import torch

    content = torch.load(path, map_location="cpu", weights_only=True)
    return content.get("module", content)  # DeepSpeed puts them one level down


def _fill(model: "torch.nn.Module", weights: "Mapping[str, torch.Tensor]") -> None:
    """Put weights in place. Raises ValueError where some are lacking; more than needed are of no harm."""
    lacking = sorted(set(model.state_dict()) - set(weights))
    if lacking:
        raise ValueError(f"it lacks {len(lacking)} weights, {lacking[0]} among them")
    model.load_state_dict(weights, strict=False)


def _rate(pack: Pack) -> int:
    """Hz; a configuration may say `16k`."""
    stated = str((pack.config.get("frontend_conf") or {}).get("fs", RATE))
    return round(float(stated[:-1]) * 1000) if stated.endswith("k") else int(stated)


@contextmanager
def quiet_import() -> Iterator[None]:
    """Import ESPnet without a download, and without the complaints of its dependencies about each other."""
    nltk = need("nltk", extra="asr", purpose="recognising speech")

    before = nltk.download
    nltk.download = lambda *_, **__: False
    try:
        # One of them prints, and standard output may be somebody's JSON.
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        nltk.download = before


def _first_line(error: Exception) -> str:
    return f"{str(error).splitlines()[0] if str(error) else type(error).__name__}."


def _load(files: Mapping[str, Path], device: str) -> EspnetRecogniser:
    return load_espnet(next(iter(files.values())), device)


_LICENCE = "that of the pack"
_NOTE = "the ESPnet model zoo (a pack of an ASR recipe)"

ROWS = (
    Judge(
        name="espnet",
        title="Speech recogniser: an ESPnet model pack of the user's choice",
        source="Watanabe et al. 2018, Interspeech; the authors of the pack",
        licence=_LICENCE,
        assets=(Asset("espnet/pack.zip", None, None, _LICENCE, note=_NOTE),),
        extra="asr",
        load=_load,
        instead=((Asset("", None, None, _LICENCE, note=_NOTE),),),  # a folder that a pack was unpacked to
        resolve=resolve_pack,
        fetch=fetch_pack,
    ),
)
