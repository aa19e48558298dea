"""torch.profiler, which records nothing: chainrule.profile() does."""

from .autograd.profiler import ProfilerActivity as ProfilerActivity
from .autograd.profiler import profile as profile
from .autograd.profiler import record_function as record_function
from .autograd.profiler import schedule as schedule
from .autograd.profiler import tensorboard_trace_handler as tensorboard_trace_handler
