"""``python -m chainrule`` prints what ``chainrule.show_config()`` prints."""

from chainrule._config import show_config

show_config()
