"""The AWS endpoint of the local stack: moto, what it lacks, and who may call it."""
