"""What submitted code might try. Each class is an entry; the file is copied into submissions, so it stands alone."""

import ctypes
import errno
import fcntl
import json
import mmap
import os
import resource
import signal
import socket
import struct
import time
from pathlib import Path

import numpy as np

from avbench.types import Audio, Prediction

CLONE_NEWUSER = 0x10000000


class Fair:
    """Half as loud."""

    card, digest = None, "1"

    def load(self, device):
        pass

    def predict(self, inputs):
        return [self.one(given) for given in inputs]

    def one(self, given):
        return Prediction(audio=Audio((0.5 * given.audio.samples).astype(np.float32), given.audio.rate))


class Spy(Fair):
    """Tells in its answer how far it got with everything it should not get."""

    def one(self, given):
        asked = json.loads(Path(__file__).with_name("asked.json").read_text())
        found = {"id": given.id, "names": sorted(vars(given)), "environment": sorted(os.environ)}
        found["read"] = [path for path in asked["secrets"] if self.reads(path)]
        found["written"] = [path for path in asked["places"] if self.writes(path)]
        found["connected"] = [str(to) for to in asked["addresses"] if self.connects(tuple(to))]
        found["imported"] = [name for name in asked["modules"] if self.imports(name)]
        found["processes"] = [path.name for path in Path("/proc").iterdir() if path.name.isdigit()]
        found["mounted"] = self.calls("mount", b"none", b"/box", b"tmpfs", 0, None)
        found["namespace"] = self.calls("unshare", CLONE_NEWUSER)
        found["traced"] = self.calls("ptrace", 16, 1, 0, 0)
        found["memory file"] = self.calls("memfd_create", b"x", 0)
        found["shared memory"] = self.calls("shmget", 0, 4096, 0o1600)
        found["talks"] = self.talks()
        found["raised"] = self.raises_limits()
        found["killed"] = self.kills(asked["pid"])
        found["names in raw sockets"] = self.raw()
        return Prediction(text=json.dumps(found))

    def reads(self, path):
        try:
            return bool([*Path(path).iterdir()] if Path(path).is_dir() else Path(path).read_bytes()[:1])
        except OSError:
            return False

    def writes(self, path):
        try:
            Path(path).write_bytes(b"x")
            return True
        except OSError:
            return False

    def connects(self, to):
        try:
            socket.create_connection(to, timeout=1).close()
            return True
        except OSError:
            return False

    def raw(self):
        try:
            socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close()
            return True
        except OSError:
            return False

    def imports(self, name):
        try:
            __import__(name)
            return True
        except ImportError:
            return False

    def calls(self, name, *arguments):
        return getattr(ctypes.CDLL(None), name)(*arguments) != -1

    def talks(self):
        """What can be done to a file that other boxes read too, and with sockets that know no boxes."""
        kernel, got = ctypes.CDLL(None, use_errno=True), []
        with Path(os.__file__).open("rb") as shared:
            number, lock = shared.fileno(), struct.pack("hhqqi4x", fcntl.F_RDLCK, 0, 0, 1, 0)
            for command in (5, 6, 7, 36, 37, 38):
                got += [f"lock {command}"] * self.works(fcntl.fcntl, number, command, lock)
            for command, value in ((1024, fcntl.F_RDLCK), (1025, 0), (1026, 1), (1035, lock), (1036, lock)):
                got += [f"fcntl {command}"] * self.works(fcntl.fcntl, number, command, value)
            got += ["flock"] * self.works(fcntl.flock, number, fcntl.LOCK_SH)
            got += ["own descriptors"] * self.works(fcntl.fcntl, number, fcntl.F_GETFL)
        got += ["inotify"] * (kernel.inotify_init() != -1) + ["inotify1"] * (kernel.inotify_init1(0) != -1)
        kernel.inotify_add_watch(-1, b"/", 1)
        got += [f"inotify_add_watch {ctypes.get_errno()}"] * (ctypes.get_errno() != errno.EPERM)
        kernel.fanotify_init(0x200, 0)
        got += [f"fanotify_init {ctypes.get_errno()}"] * (ctypes.get_errno() != errno.EPERM)
        got += ["times"] * self.works(os.utime, "/dev/null") + ["times of its own"] * self.works(os.utime, "/box")
        got += ["rights"] * self.works(os.chmod, "/dev/null", 0o666)
        got += ["virtual machines"] * self.works(socket.socket, 40, socket.SOCK_STREAM)
        got += ["a socket"] * self.works(socket.socket, socket.AF_INET, socket.SOCK_STREAM)
        return got

    def works(self, call, *arguments):
        try:
            call(*arguments)
            return True
        except PermissionError:
            return False
        except OSError as error:
            return error.errno not in (errno.EPERM, errno.EACCES)

    def raises_limits(self):
        try:
            resource.setrlimit(resource.RLIMIT_DATA, (-1, -1))
            return True
        except (OSError, ValueError):
            return False

    def kills(self, pid):
        try:
            os.kill(pid, 0)
            return True
        except OSError:
            return False


class Endless(Fair):
    def one(self, given):
        while True:
            pass


class Deaf(Fair):
    """Ends nothing and answers nothing, whatever is asked of it."""

    def one(self, given):
        for number in range(1, 32):
            signal.signal(number, signal.SIG_IGN) if number not in (9, 19) else None
        os.closerange(3, 64)
        time.sleep(1e6)


class EndlessLoad(Fair):
    def load(self, device):
        time.sleep(1e6)


class Unloadable(Fair):
    def load(self, device):
        raise ValueError("no \x1b[31m weights\n<script>alert(1)</script>")


class Spawner(Fair):
    def one(self, given):
        for _ in range(2000):
            if os.fork() == 0:
                time.sleep(1e6)
        time.sleep(1e6)


class Hog(Fair):
    def one(self, given):
        kept = []
        while True:
            kept.append(bytearray(os.urandom(1 << 20)) * 32)


class SharedHog(Fair):
    """Memory that no limit of one process counts."""

    def one(self, given):
        kept = []
        while True:
            kept.append(mmap.mmap(-1, 32 << 20))
            kept[-1][:] = bytes(32 << 20)


class DiskHog(Fair):
    def one(self, given):
        for i in range(1000):
            Path(f"file{i}").write_bytes(bytes(8 << 20))


class Chatterbox(Fair):
    """Prints 64 MiB, and then answers."""

    def one(self, given):
        for _ in range(64):
            os.write(1, b"x" * (1 << 20))
        print("last words")
        return super().one(given)


class Quitter(Fair):
    def one(self, given):
        os.write(2, b"so long\n")
        os._exit(7)


class Leaver(Fair):
    def one(self, given):
        raise SystemExit(0)


class Crasher(Fair):
    def one(self, given):
        ctypes.string_at(0)


def shout(message):
    """Write to whatever is open, as if it were the runner's pipe."""
    for number in range(3, 32):
        try:
            os.write(number, message)
        except OSError:
            continue


class Pickler(Fair):
    def one(self, given):
        shout(b"\x80\x04cos\nsystem\n(S'touch /tmp/owned'\ntR.")
        time.sleep(1e6)


class Braggart(Fair):
    """Announces a terabyte."""

    def one(self, given):
        head = json.dumps({"said": {}, "arrays": [["audio", "f4", [1 << 38]]]}).encode()
        shout(b"avb1" + len(head).to_bytes(4, "little") + head)
        time.sleep(1e6)


class Bender(Fair):
    """Announces an array that cannot be."""

    def one(self, given):
        head = {"said": {"rate": 16000}, "arrays": [["audio", "f4", [0, 1 << 28, 1 << 28, 1 << 28]]]}
        head = json.dumps(head).encode()
        shout(b"avb1" + len(head).to_bytes(4, "little") + head)
        time.sleep(1e6)


class Babbler(Fair):
    """Answers twice."""

    def one(self, given):
        head = json.dumps({"said": {"rate": 16000}, "arrays": []}).encode()
        shout(2 * (b"avb1" + len(head).to_bytes(4, "little") + head))
        time.sleep(1e6)


class Objector(Fair):
    """Answers with an object type."""

    def one(self, given):
        head = json.dumps({"said": {"rate": 16000}, "arrays": [["audio", "O", [1]]]}).encode()
        shout(b"avb1" + len(head).to_bytes(4, "little") + head + bytes(8))
        time.sleep(1e6)


class Mute(Fair):
    def one(self, given):
        return Prediction(text="no sound")


class NotANumber(Fair):
    def one(self, given):
        return Prediction(audio=Audio(np.full_like(given.audio.samples, np.nan), given.audio.rate))


class OtherRate(Fair):
    def one(self, given):
        return Prediction(audio=Audio(given.audio.samples, 44100))


class TooLong(Fair):
    def one(self, given):
        return Prediction(audio=Audio(np.resize(given.audio.samples, 3 * len(given.audio.samples)), given.audio.rate))


class TwoForOne(Fair):
    def predict(self, inputs):
        return 2 * super().predict(inputs)


class Torch(Fair):
    """Needs torch, which must start under the filter too."""

    def load(self, device):
        import torch

        self.half = torch.tensor(0.5)

    def one(self, given):
        return Prediction(audio=Audio(given.audio.samples * self.half.numpy(), given.audio.rate))


class Rememberer(Fair):
    """Cancels the noise where it has seen the clip at another SNR: fails if it ever can."""

    def load(self, device):
        self.seen = []

    def one(self, given):
        samples = given.audio.samples.astype(np.float64)
        for other in self.seen:
            if len(other) == len(samples) and np.corrcoef(other, samples)[0, 1] > 0.3:
                raise RuntimeError("seen before")
        self.seen.append(samples)
        return super().one(given)
