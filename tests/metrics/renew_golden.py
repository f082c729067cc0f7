"""Ask the originals what they give for the golden material, and freeze it in `avbench/metrics/golden.json`.

    python tests/metrics/renew_golden.py ../shared/weights

The argument is a folder laid out as `AVBENCH_ASSETS`. None of the formulas of this project is used: each value comes
from the package that defines the metric in practice, or from its definition written out in a few lines here. A metric
whose original cannot be asked (its weights are absent) keeps what an earlier renewal froze, or stays out.
"""

import json
import os
import sys
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np

from avbench.errors import MissingResource
from avbench.judges import judge_identity
from avbench.metrics import METRICS
from avbench.metrics.golden import PATH, expected_scores, golden_material
from avbench.signal.landmarks import mean_face

sys.path.append(str(Path(__file__).resolve().parents[1] / "judges"))
warnings.simplefilter("ignore")
FOLDER = Path(sys.argv[1])
os.environ["AVBENCH_ASSETS"] = str(FOLDER)


def pystoi(extended):
    import pystoi

    noisy, clean = golden_material("sound")
    return pystoi.stoi(clean.samples, noisy.samples, clean.rate, extended=extended)


def pesq(mode):
    import pesq

    noisy, clean = golden_material("sound")
    return pesq.pesq(clean.rate, clean.samples, noisy.samples, mode)


def sdr(zero_mean):
    e, c = (signal.samples.astype(np.longdouble) for signal in golden_material("sound"))
    if zero_mean:
        e, c = e - e.mean(), c - c.mean()
    target = (e @ c) / (c @ c) * c
    return 10 * np.log10((target @ target) / ((e - target) @ (e - target)))


def psnr():
    from skimage.metrics import peak_signal_noise_ratio

    estimate, reference = (v.frames for v in golden_material("frames"))
    return np.mean([peak_signal_noise_ratio(r, e, data_range=255) for e, r in zip(estimate, reference, strict=True)])


def ssim(**options):
    from skimage.metrics import structural_similarity

    estimate, reference = (v.frames for v in golden_material("frames"))
    pairs = zip(estimate, reference, strict=True)
    return np.mean([structural_similarity(r, e, data_range=255, channel_axis=2, **options) for e, r in pairs])


def jiwer(kind):
    import jiwer

    from avbench.signal.text import normalise

    estimate, reference = map(normalise, golden_material("text"))
    return getattr(jiwer, kind)(reference, estimate)


def sklearn_ap():
    from sklearn.metrics import average_precision_score

    scores, labels = golden_material("detection")
    return average_precision_score(labels, scores)


def interpolated_ap():
    """Area under the precision envelope, one point per distinct score."""
    scores, labels = golden_material("detection")
    chosen = [labels[scores >= threshold] for threshold in np.unique(scores)[::-1]]
    precision, recall = [c.mean() for c in chosen], [c.sum() / labels.sum() for c in chosen]
    envelope = [max(precision[i:]) for i in range(len(precision))]
    return np.sum(np.diff([0, *recall]) * envelope)


def landmark_distance(points):
    """Umeyama's closed form by a singular value decomposition, without reflection."""
    template = mean_face()
    eyes = np.linalg.norm(template[45] - template[36])

    def align(face):
        a, b = face - face.mean(0), template - template.mean(0)
        u, s, vt = np.linalg.svd(b.T @ a)
        sign = np.diag([1, np.sign(np.linalg.det(u @ vt))])
        return (s * np.diag(sign)).sum() / (a**2).sum() * a @ (u @ sign @ vt).T

    estimate, reference = golden_material("faces")
    pairs = zip(estimate, reference, strict=True)
    return np.mean([np.linalg.norm(align(e) - align(r), axis=1)[points].mean() / eyes for e, r in pairs])


def votes():
    right, cast = golden_material("votes")
    return right / cast


def ratings():
    total, given = golden_material("opinions")
    return total / given


def lpips(net, pairs_of):
    """The package's own network and arithmetic, with the weights of the folder."""
    import torch

    from avbench.judges import open_judge

    peer = __import__("lpips").LPIPS(net=net, pnet_rand=True, verbose=False).eval()
    tensors = list(open_judge(f"lpips-{net}").state.values())  # weight, bias, weight, bias, … in the order of layers
    convolutions = [m for m in peer.net.modules() if isinstance(m, torch.nn.Conv2d)]
    with torch.no_grad():
        for layer, (weight, bias) in zip(convolutions, zip(tensors[::2], tensors[1::2], strict=True), strict=True):
            layer.weight.copy_(weight)
            layer.bias.copy_(bias)
        images = [torch.from_numpy(x).permute(0, 3, 1, 2).float() / 127.5 - 1 for x in pairs_of()]
        return float(peer(*images).mean())


def frames():
    return [v.frames for v in golden_material("frames")]


def all_pairs():
    images = np.concatenate([v.frames for v in golden_material("variants")[0]])
    return [images[i] for i in np.triu_indices(len(images), 1)]


def nisqa():
    import torch
    import torchmetrics.functional.audio.nisqa as peer

    peer.NISQA_DIR = str(FOLDER / "nisqa")
    noisy, _ = golden_material("speech")
    return peer.non_intrusive_speech_quality_assessment(torch.from_numpy(noisy.samples), noisy.rate)[0]


def nisqa_tts():
    """The spectrum and its windows by torchmetrics, which has no network for this file; the network by its layers."""
    import torch
    import torchmetrics.functional.audio.nisqa as peer
    from nisqa_layers import written_out

    noisy, _ = golden_material("speech")
    content = torch.load(FOLDER / "nisqa/nisqa_tts.tar", map_location="cpu", weights_only=True)
    mel = peer._get_librosa_melspec(noisy.samples[None], noisy.rate, content["args"])
    windows, count = peer._segment_specs(torch.from_numpy(mel), content["args"])
    return written_out(content["model_state_dict"], windows[0, :count, None])


def dnsmos():
    import tempfile

    import torch
    import torchmetrics.functional.audio.dnsmos as peer

    noisy, _ = golden_material("speech")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "DNSMOS").symlink_to((FOLDER / "dnsmos").resolve())
        peer.DNSMOS_DIR = folder
        answer = peer.deep_noise_suppression_mean_opinion_score(
            torch.from_numpy(noisy.samples), noisy.rate, personalized=False, cache_session=False
        )
    return answer[3]


def speaker_similarity():
    from resemblyzer import VoiceEncoder, preprocess_wav

    encoder = VoiceEncoder("cpu", verbose=False)
    estimate, references = golden_material("voice")
    one, *others = (
        encoder.embed_utterance(preprocess_wav(a.samples, source_sr=a.rate)) for a in (estimate, *references)
    )
    return np.mean([one @ other for other in others])


def nearer():
    """Of the judge's embeddings, by their distances."""
    from avbench.judges import open_judge

    face, voices = golden_material("match")
    judge = open_judge("synth-face-voice")
    right, wrong = (np.linalg.norm(judge.embed_face(face) - judge.embed_voice(voice)) for voice in voices)
    return 1.0 if right < wrong else 0.0 if right > wrong else 0.5


def frechet_distance(judge):
    """Of the features that the judge gives. Twelve pictures make singular covariances, of whose product scipy's matrix
    root is off by 6e-6 (where it is sound, test_frechet.py compares with it); so the roots are taken one by one."""
    from scipy.linalg import svdvals

    from avbench.judges import open_judge

    sets = [open_judge(judge).features(v.frames).astype(np.float64) for v in golden_material("pictures")]
    roots = []
    for x in sets:
        values, vectors = np.linalg.eigh(np.cov(x, rowvar=False))
        roots.append(vectors * np.sqrt(np.maximum(values, 0)))
    difference = sets[0].mean(0) - sets[1].mean(0)
    spread = sum(np.square(root).sum() for root in roots)
    return difference @ difference + spread - 2 * svdvals(roots[0].T @ roots[1]).sum()


ORIGINALS = {
    "stoi": (lambda: pystoi(False), 1e-9, "pystoi"),
    "estoi": (lambda: pystoi(True), 1e-9, "pystoi"),
    "si-sdr": (lambda: sdr(False), 1e-9, "its equation, in extended precision"),
    "si-sdr-zm": (lambda: sdr(True), 1e-9, "its equation, in extended precision"),
    # To the bit where the package is built the same way; built with fused multiply-add it moves by 1e-5.
    "pesq-wb": (lambda: pesq("wb"), 1e-5, "pesq"),
    "pesq-nb": (lambda: pesq("nb"), 1e-5, "pesq"),
    "psnr": (psnr, 1e-9, "scikit-image"),
    "ssim": (
        lambda: ssim(gaussian_weights=True, sigma=1.5, use_sample_covariance=False), 1e-6, "scikit-image",
    ),
    "ssim-skimage7": (ssim, 1e-9, "scikit-image"),
    "wer": (lambda: jiwer("wer"), 0, "jiwer"),
    "cer": (lambda: jiwer("cer"), 0, "jiwer"),
    "top1": (lambda: 0.0, 0, "its definition"),
    "map": (sklearn_ap, 1e-12, "scikit-learn"),
    "map-interpolated": (interpolated_ap, 1e-12, "its definition"),
    "cpr": (votes, 0, "its definition"),
    "mos": (ratings, 0, "its definition"),
    "nlmd": (lambda: landmark_distance(slice(None)), 1e-9, "its definition"),
    "nlmd-mouth": (lambda: landmark_distance(slice(48, 68)), 1e-9, "its definition"),
    "lpips": (lambda: lpips("alex", frames), 1e-4, "lpips"),
    "lpips-squeeze": (lambda: lpips("squeeze", frames), 1e-4, "lpips"),
    "lpips-diversity": (lambda: lpips("alex", all_pairs), 1e-4, "lpips"),
    "fid": (lambda: frechet_distance("inception-fid"), 1e-5, "its definition, by singular values"),
    "fid-starganv2": (lambda: frechet_distance("inception-torchvision"), 1e-5, "its definition, by singular values"),
    "frechet-synth": (lambda: frechet_distance("synth-face"), 1e-5, "its definition, by singular values"),
    "nisqa": (nisqa, 1e-4, "torchmetrics"),
    "nisqa-tts": (nisqa_tts, 1e-4, "its layers, written out"),
    "cpr-auto": (nearer, 0, "its definition"),
    "dnsmos": (dnsmos, 1e-4, "torchmetrics"),
    "spksim": (speaker_similarity, 1e-5, "Resemblyzer"),
}  # fmt: skip


def main():
    kept = expected_scores()
    for name, (ask, tolerance, by) in ORIGINALS.items():
        metric = METRICS[name]
        try:
            judge = judge_identity(metric.judge) if metric.judge and metric.kind.name != "faces" else None
            value = float(ask())
        except MissingResource as lack:
            print(f"{name} stays as it is: {lack}")
            continue
        if METRICS[name].whole and METRICS[name].kind.name == "pictures":
            tolerance *= value  # a distance has the scale of its features, squared
        package = by.split(",")[0]
        asked = f"{by} {version(package)}" if package[:3] != "its" else by
        kept[name] = {"value": value, "tolerance": tolerance, "by": asked, "judge": judge}
        print(f"{name:18} {value:.15g}  ({asked})")
    PATH.write_text(json.dumps({name: kept[name] for name in METRICS if name in kept}, indent=1) + "\n")


if __name__ == "__main__":
    main()
