"""Only what pyproject.toml cannot say: `systems/`, `baselines/` and the data of `leaderboards/` are below `avbench`."""

from setuptools import find_packages, setup

DATA = ("leaderboards", "leaderboards.published")
mapped = find_packages(include=["systems*", "baselines*"])
setup(packages=find_packages(include=["avbench*"]) + [f"avbench.{name}" for name in (*mapped, *DATA)])
