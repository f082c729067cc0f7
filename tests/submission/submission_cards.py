"""Cards without fault, and the trials that their outputs are for."""

CARD = """
name = "half"
title = "Half as loud"
authors = ["A. Author", "B. Author"]
paper = "none"
licence = "Apache-2.0"
task = "avse"
inputs = ["audio"]
training = "Nothing is trained."
synthetic = false
causal = true
lookahead = 0.0
rate = 16000
"""
CODE = CARD + 'entry = "system:Fair"\n'
OUTPUTS = CARD + 'plan = "tiny"\nsnr = "5"\nlimit = 2\n'
TRIALS = ("tiny-0000.snr5", "tiny-0001.snr5")
