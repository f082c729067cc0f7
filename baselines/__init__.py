"""The systems that those papers compare with, and simple floors."""
