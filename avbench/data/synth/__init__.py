"""`avbench-synth`, the embedded corpus: a voice and a face from one seeded speaker, made on this machine.

Nothing is downloaded and nothing is stored but a cache: every clip is a pure function of (spec, clip id).
`spec` says who speaks and which clips exist, `speakers` draws the voices, `grammar` (with `vocabulary`) says what is
said and `lexicon` how, `voice` says it (through `espeak_worker`, a process of its own), `face`, `articulation` and
`render` show it, `session` records it, `sentences` joins all into clips. `parts` are the sentences and what else the
corpus holds; `cache` and `corpus` keep and open them. The noises of the same corpus are in `noise_bank`.
"""
