"""Small trees in the layouts that corpora have on disk; every file can be read."""

import json
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import soundfile
from PIL import Image


def sound(path, seconds=0.4, rate=16000, channels=1, seed=1):
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = np.random.RandomState(seed).uniform(-0.2, 0.2, (round(seconds * rate), channels))
    soundfile.write(path, samples, rate, subtype="PCM_16")
    return path


def film(path, frames=10, fps=25, with_sound=True, size=32, seed=1):
    """A video with as much sound as pictures; mpg as GRID has it, else mp4."""
    path.parent.mkdir(parents=True, exist_ok=True)
    mpeg = path.suffix == ".mpg"
    draw = np.random.RandomState(seed)
    with av.open(str(path), "w", format="mpeg" if mpeg else None) as out:
        video = out.add_stream("mpeg1video" if mpeg else "mpeg4", rate=fps)
        video.width = video.height = size
        video.pix_fmt = "yuv420p"
        audio = out.add_stream("mp2" if mpeg else "aac", rate=44100 if mpeg else 16000) if with_sound else None
        for _ in range(frames):
            picture = av.VideoFrame.from_ndarray(draw.randint(0, 255, (size, size, 3), np.uint8), format="rgb24")
            out.mux(video.encode(picture))
        out.mux(video.encode())
        if audio is not None:
            rate = audio.rate
            count = round(frames / fps * rate)
            samples = (draw.uniform(-0.2, 0.2, count) * 32767).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
            frame.rate, frame.pts, frame.time_base = (
                rate,
                0,
                Fraction(1, rate),
            )  # else no player knows the codec's delay
            fit = av.AudioResampler(format=audio.format, layout=audio.layout, rate=rate, frame_size=audio.frame_size)
            for piece in [*fit.resample(frame), *fit.resample(None)]:
                out.mux(audio.encode(piece))
            out.mux(audio.encode())
    return path


def text(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def picture(path, size=8, seed=1):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.RandomState(seed).randint(0, 255, (size, size, 3), np.uint8)).save(path)
    return path


def pointer(path):
    """What git leaves where git-lfs is not installed."""
    return text(path, f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12345\n")


def align(path, words, start=10000, step=5000):
    lines = [f"0 {start} sil"]
    for word in words:
        lines.append(f"{start} {start + step} {word}")
        start += step
    return text(path, "\r\n".join([*lines, f"{start} 74500 SIL"]) + "\r\n")


def grid(root: Path, speakers=None):
    """Three clips of each of s1, s3 and s5, alignments beside."""
    from avbench.data.corpora.grid import words_of

    speakers = speakers or {
        "s1": ("bbaf2n", "lgif1s", "swib5a"),
        "s3": ("pwij3p", "brbk7n", "sbia1a"),
        "s5": ("lrwp9a",),
    }
    for speaker, codes in speakers.items():
        for seed, code in enumerate(codes):
            film(root / speaker / f"{code}.mpg", frames=75, size=16, seed=seed)
            align(root / "alignments" / speaker / f"{code}.align", words_of(code))
    return root


LRS3_TEXT = (
    "Text:  {} I WAS BORN\nConf:  4\nRef:  {}\n\nFRAME \tX \tY \tW \tH\n000000 \t0.439 \t0.133 \t0.153 \t0.272\n"
    "000001 \t0.439 \t0.133 \t0.153 \t0.272\n"
)
LRS3_WORDS = "\nWORD START END ASDSCORE\nI 0.02 0.10 5.6\nWAS 0.10 0.20 4.1\n{BORN} 0.20 0.36 2.2\n"


def lrs3(root: Path):
    clips = ["pretrain/-Bcdefghi_1/00001", "trainval/-Bcdefghi_1/50001", "trainval/_YmdE0aWxZM/50002"]
    clips += ["test/0Fi83BHQsMA/00002"]
    for seed, clip in enumerate(clips):
        film(root / f"{clip}.mp4", seed=seed)
        words = LRS3_WORDS if clip.startswith("pretrain") else ""
        text(root / f"{clip}.txt", LRS3_TEXT.format("{WELL}", clip.split("/")[1]) + words)
    return root


def lrw(root: Path, words=("ABOUT", "ABSOLUTELY")):
    for word in words:
        for part in ("train", "val", "test"):
            film(root / word / part / f"{word}_00001.mp4", frames=29)
            said = f"Text:  {word}\nConf:  3\n\nSpeaker: x\nDuration: 0.53 seconds\n"
            text(root / word / part / f"{word}_00001.txt", said)
    return root


def lrw_1000(root: Path):
    for clip, numbers in (("aaa1", (1, 2, 3, 5, 6)), ("bbb2", (1, 2, 3, 4, 5, 6))):
        for n in numbers:
            picture(root / "images" / clip / f"{n}.jpg", seed=n)
        sound(root / "audio" / f"snd-{clip}.wav", 6 / 25)
    text(root / "info" / "trn_1000.txt", "aaa1,新闻,xinwen,0,0.2\n")
    text(root / "info" / "val_1000.txt", "bbb2,中国,zhongguo,0.04,0.2\n")
    text(root / "info" / "tst_1000.txt", "bbb2,中国,zhongguo,0,0.2\n")
    joined = "aaa1,snd-aaa1,新闻,xinwen,0,0.2\nbbb2,snd-bbb2,中国,zhongguo,0,0.2\n"
    joined += "bbb2,snd-bbb2,中国,zhongguo,0.04,0.2\n"
    text(root / "info" / "all_audio_video.txt", joined)
    return root


def vctk(root: Path, speakers=("p225", "p280", "p315", "s5")):
    layout = root / "wav48_silence_trimmed"
    for speaker in speakers:
        for n in (1, 2):
            for mic in (1,) if speaker in ("p280", "p315") else (1, 2):
                sound(layout / speaker / f"{speaker}_{n:03d}_mic{mic}.flac", rate=48000, seed=n)
            if speaker != "p315":
                text(root / "txt" / speaker / f"{speaker}_{n:03d}.txt", "Please call Stella.\n")
    others = [f"p{n}" for n in range(226, 276)]  # so that not all are among the 30 of the test split
    rows = [f"{s}  23  F    English    Southern  England" for s in dict.fromkeys([*speakers, *others])]
    text(root / "speaker-info.txt", "\n".join(["ID  AGE  GENDER  ACCENTS  REGION COMMENTS", *rows]) + "\n")
    return root


def celeba_mask(root: Path):
    for n in range(3):
        picture(root / "CelebA-HQ-img" / f"{n}.jpg", seed=n)
    rows = [f"{n:<8}{100 + n:<10}{100 + n:06d}.jpg" for n in range(3)]
    text(root / "CelebA-HQ-to-CelebA-mapping.txt", "\n".join(["idx     orig_idx  orig_file", *rows]) + "\n")
    marks = "3\nBald Male Young\n0.jpg  -1  1  1\n1.jpg  -1 -1  1\n2.jpg   1  1 -1\n"
    text(root / "CelebAMask-HQ-attribute-anno.txt", marks)
    text(root / "list_eval_partition.txt", "000100.jpg 0\n000101.jpg 1\n000102.jpg 2\n")
    text(root / "identity_CelebA.txt", "000100.jpg 2880\n000101.jpg 2937\n000102.jpg 2880\n")
    return root


def celeba_stargan(root: Path):
    for part in ("train", "val"):
        for gender in ("female", "male"):
            picture(root / part / gender / "000012.jpg")
    return root


def easycom(root: Path, session="Session_10"):
    stem = "01-00-288"
    rows = [
        {"Participant_ID": 4, "Start_Frame": 2, "End_Frame": 10, "Transcription": "[L] so *wen* home-"},
        {"Participant_ID": 2, "Start_Frame": 4, "End_Frame": 12, "Transcription": "yes"},
    ]
    text(root / "Main" / "Speech_Transcriptions" / session / f"{stem}.json", json.dumps(rows))
    sound(root / "Main/Close_Microphone_Audio" / session / f"{stem}_Participant_ID_4.wav", 1.0, rate=48000)
    sound(root / "Main/Glasses_Microphone_Array_Audio" / session / f"{stem}.wav", 6.0, rate=48000, channels=6)
    film(root / "Main/Video_Compressed" / session / f"{stem}.mp4", frames=120, fps=20, size=64)
    boxes = [easycom_faces(n) for n in range(1, 121)]
    text(root / "Main/Face_Bounding_Boxes" / session / f"{stem}.json", json.dumps(boxes))
    return root


def easycom_faces(number):
    """Participant 4 moves to the right and is missed for up to half a second, 5 for longer; one alone has no list."""
    seen = []
    if number % 40 > 9:
        seen.append({"Participant_ID": 4, "x1": 4 + number / 10, "y1": 8, "x2": 20 + number / 10, "y2": 28})
    if not 30 < number < 60:
        seen.append({"Participant_ID": 5, "x1": 40, "y1": 8, "x2": 56, "y2": 28})
    return {"Frame_Number": number, "Participants": seen[0] if len(seen) == 1 else seen}


def demand(root: Path, environments=("DKITCHEN", "NPARK", "TBUS")):
    for seed, environment in enumerate(environments):
        sound(root / environment / "ch01.wav", 3.0, seed=seed)
    return root


def lip2wav(root: Path):
    for name, video in (("train", "-aXbYcZd012"), ("val", "_aXbYcZd012"), ("test", "AbCdEfGhIjK")):
        text(root / "Dataset" / "chem" / f"{name}.txt", f"{video}\n")
    film(root / "Dataset/chem/intervals/-aXbYcZd012/cut-0.mp4")
    cut = root / "Dataset/chem/preprocessed/AbCdEfGhIjK/cut-0"
    sound(cut / "audio.wav")
    for n in (0, 1, 4):
        picture(cut / f"{n}.jpg")
    return root


def voicebank_demand(root: Path):
    for part, names in (("testset", ("p232_001", "p257_003")), ("trainset_28spk", ("p226_001", "p236_002"))):
        for kind in ("clean", "noisy"):
            for name in names:
                sound(root / f"{kind}_{part}_wav" / f"{name}.wav", rate=48000, seed=int(kind == "noisy"))
    text(root / "testset_txt" / "p232_001.txt", "Please call Stella.\n")
    return root


def dns_eval(root: Path):
    for subset in ("no_reverb", "with_reverb"):
        folder = root / "synthetic" / subset
        for number, front in ((158, "clnsp1_train_69005_1"), (7, "a_snr3_tl-9_fileid_1_b")):
            sound(folder / "noisy" / f"{front}_snr15_tl-21_fileid_{number}.wav", seed=number)
            sound(folder / "clean" / f"clean_fileid_{number}.wav", seed=number + 1)
    sound(root / "real_recordings" / "ms_realrec_headset_cafe_spk1_1.wav")
    return root


def avspeech(root: Path):
    text(root / "avspeech_train.csv", "-aXbYcZd012,90.020000,93.120000,0.6,0.4\nAbCdEfGhIjK,1.5,5.0,0.5,0.5\n")
    text(root / "avspeech_test.csv", "AbCdEfGhIjK,12.0,15.5,0.5,0.5\n")
    film(root / "train" / "-aXbYcZd012_90.02.mp4")
    film(root / "test" / "AbCdEfGhIjK_12.0.mp4")
    return root
