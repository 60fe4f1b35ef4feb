"""The published services' design, one Lambda behind API Gateway, as the baseline of benchmarks."""
