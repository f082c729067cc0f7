"""What a system costs: parameters, multiply-accumulates, bytes, latency, memory."""
