"""kube-proxy's configuration with a person's settings.

kube-proxy.py MODE [FEATURE=true|false...]: reads the ConfigMap kube-proxy as JSON on stdin. Prints it with the settings in its
config.conf, or nothing where that has them already. What else is in it stays.
"""

import json
import sys

import yaml

FILE = "config.conf"


def main(mode, *gates):
    configuration = json.load(sys.stdin)
    changed = with_settings(configuration["data"][FILE], mode, dict(gate.split("=") for gate in gates))
    if changed is not None:
        configuration["data"][FILE] = changed
        print(json.dumps(configuration))


def with_settings(text, mode, gates):
    found = yaml.safe_load(text)
    wanted = {**found, "mode": mode, "featureGates": {name: on == "true" for name, on in gates.items()}}
    if (found.get("featureGates") or {}) == wanted["featureGates"] and found.get("mode") == mode:
        return None
    if not gates:
        del wanted["featureGates"]
    return yaml.safe_dump(wanted, default_flow_style=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
