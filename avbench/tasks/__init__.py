"""The tasks, one file each. To add one: its file, and one line in `TASKS`."""

from ..errors import UnknownName
from .asd import ASD
from .avse import AVSE
from .avse_recorded import AVSE_RECORDED
from .avsr import AVSR
from .talking_face import TALKING_FACE
from .task import Task
from .word_recognition import WORD_RECOGNITION

__all__ = ["TASKS", "Task", "get_task"]

TASKS: dict[str, Task] = {task.name: task for task in (AVSE, AVSE_RECORDED, AVSR, ASD, WORD_RECOGNITION, TALKING_FACE)}


def get_task(name: str) -> Task:
    """The task of that name.

    Args:
        name: `"avse"` (the newest version) or `"avse@1"`.

    Raises:
        UnknownName: no such task, or not in that version.
    """
    for task in TASKS.values():
        if name in (task.name, task.id):
            return task
    raise UnknownName("task", name, TASKS)
