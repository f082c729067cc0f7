"""Layers that more than one system uses: short-time spectra, the gated recurrent U-Net, the lip encoder."""
