"""Lambda on this machine: every execution environment is a process under AWS's runtime client."""

from local.functions.api import InvokeApi
from local.functions.function import Function, Invocation
from local.functions.host import FunctionHost
from local.functions.pool import Scaling

__all__ = ["Function", "FunctionHost", "Invocation", "InvokeApi", "Scaling"]
