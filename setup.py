"""Only what pyproject.toml cannot say: `systems/` and `baselines/` are packages below `avbench`."""

from setuptools import find_packages, setup

mapped = find_packages(include=["systems*", "baselines*"])
setup(packages=find_packages(include=["avbench*"]) + [f"avbench.{name}" for name in mapped])
