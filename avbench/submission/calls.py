"""System calls that submitted code does not get: a filter in the kernel's own language, for bubblewrap to load.

They hold memory that belongs to no process (which the watch over memory could not see), look into other processes,
change mounts and name spaces, or are large and rarely needed parts of the kernel. Or they let boxes talk: all boxes
read the same files, so what one sets on a file (locks, leases, watches, times, rights) the others see. Of `fcntl` only
what concerns the caller's own descriptors is left; of sockets only families of which each box has its own (sockets
between virtual machines, for one, know no boxes). Whoever calls another is told that it is not permitted. On machines
whose numbers are not listed here there is no filter; the other walls stand without it.

Source: seccomp(2), and the kernel's tables of system calls (x86-64, arm64).

Contents: `open_filter`.
"""

import os
import platform
import struct
from collections.abc import Iterator
from contextlib import contextmanager

NEW = {"memfd_secret": 447, "open_tree": 428, "move_mount": 429, "fsopen": 430, "fsmount": 432, "mount_setattr": 442,
       "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "pidfd_getfd": 438, "fchmodat2": 452,
       "setxattrat": 463, "removexattrat": 466, "file_setattr": 469}  # fmt: skip
"""The same on all machines."""
MACHINES = {
    "x86_64": (0xC000003E, {
        "memfd_create": 319, "shmget": 29, "shmat": 30, "msgget": 68, "add_key": 248, "request_key": 249, "keyctl": 250,
        "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "bpf": 321, "perf_event_open": 298,
        "userfaultfd": 323, "mount": 165, "umount2": 166, "pivot_root": 155, "unshare": 272, "setns": 308,
        "kexec_load": 246, "init_module": 175, "finit_module": 313, "name_to_handle_at": 303, "open_by_handle_at": 304,
        "swapon": 167, "flock": 73, "inotify_init": 253, "inotify_init1": 294, "inotify_add_watch": 254,
        "fanotify_init": 300, "fanotify_mark": 301, "utime": 132, "utimes": 235, "futimesat": 261, "utimensat": 280,
        "chmod": 90, "fchmod": 91, "fchmodat": 268, "setxattr": 188, "lsetxattr": 189, "fsetxattr": 190,
        "removexattr": 197, "lremovexattr": 198, "fremovexattr": 199,
    }, {"fcntl": 72, "socket": 41}),
    "aarch64": (0xC00000B7, {
        "memfd_create": 279, "shmget": 194, "shmat": 196, "msgget": 186, "add_key": 217, "request_key": 218,
        "keyctl": 219, "ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271, "bpf": 280,
        "perf_event_open": 241, "userfaultfd": 282, "mount": 40, "umount2": 39, "pivot_root": 41, "unshare": 97,
        "setns": 268, "kexec_load": 104, "init_module": 105, "finit_module": 273, "name_to_handle_at": 264,
        "open_by_handle_at": 265, "swapon": 224, "flock": 32, "inotify_init1": 26, "inotify_add_watch": 27,
        "fanotify_init": 262, "fanotify_mark": 263, "utimensat": 88, "fchmod": 52, "fchmodat": 53, "setxattr": 5,
        "lsetxattr": 6, "fsetxattr": 7, "removexattr": 14, "lremovexattr": 15, "fremovexattr": 16,
    }, {"fcntl": 25, "socket": 198}),
}  # fmt: skip
"""`AUDIT_ARCH_…`, the numbers of the calls, and of those that `PERMITTED` judges, by machine."""
PERMITTED = {
    "fcntl": (1, (0, 1, 2, 3, 4, 1030, 1031, 1032)),  # F_DUPFD, F_{GET,SET}{FD,FL}, F_DUPFD_CLOEXEC, F_{SET,GET}PIPE_SZ
    "socket": (
        0,
        (1, 2, 10, 16),
    ),  # AF_UNIX, AF_INET, AF_INET6, AF_NETLINK: each belongs to a name space of the network
}
"""An argument, counted from 0, and the values that it may have."""
X32 = 0x40000000  # calls of x86-64's second numbering, which would slip past the list
LOAD, EQUAL, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06  # BPF_LD|W|ABS, BPF_JMP|JEQ|K, BPF_JMP|JGE|K, BPF_RET|K
ALLOW, DENY = 0x7FFF0000, 0x00050000 | 1  # SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO | EPERM


def _program(architecture: int, numbers: list[int], judged: dict[str, int]) -> bytes:
    """Each step: code, jump if true, jump if false, value. The last step denies, the one before it allows."""
    checks = [X32, *numbers] if architecture == 0xC000003E else numbers
    size = 3 + len(checks) + sum(3 + len(PERMITTED[name][1]) for name in judged) + 2
    steps = [(LOAD, 0, 0, 4), (EQUAL, 0, size - 3, architecture), (LOAD, 0, 0, 0)]
    for number in checks:
        steps.append((AT_LEAST if number == X32 else EQUAL, size - 2 - len(steps), 0, number))
    for name, number in judged.items():
        place, values = PERMITTED[name]
        steps += [(EQUAL, 0, len(values) + 2, number), (LOAD, 0, 0, 16 + 8 * place)]  # all that the kernel looks at too
        for value in values:
            steps.append((EQUAL, size - 3 - len(steps), 0, value))
        steps.append((RETURN, 0, 0, DENY))
    steps += [(RETURN, 0, 0, ALLOW), (RETURN, 0, 0, DENY)]
    return b"".join(struct.pack("<HBBI", *step) for step in steps)


@contextmanager
def open_filter() -> Iterator[int]:
    """A file descriptor from which bubblewrap can read the filter; -1 where there is none for this machine."""
    if platform.machine() not in MACHINES:
        yield -1
        return
    architecture, numbers, judged = MACHINES[platform.machine()]
    reading, writing = os.pipe()
    try:
        os.write(writing, _program(architecture, [*numbers.values(), *NEW.values()], judged))
        os.close(writing)
        yield reading
    finally:
        os.close(reading)
