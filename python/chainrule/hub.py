"""torch.hub: nothing is downloaded."""

from ._absent import refuse

_HINT = "It downloads nothing: fetch the file yourself."
load = refuse("torch.hub.load", _HINT)
download_url_to_file = refuse("torch.hub.download_url_to_file", _HINT)
load_state_dict_from_url = refuse("torch.hub.load_state_dict_from_url", _HINT)
