"""What the cluster has of the objects in the given files, and of kubeadm's own.

objects.py SERVER AUTHORITY CLIENT NODES FILE...: CLIENT is the path of a certificate and its key, without ending, NODES the labels
and taints of nodes by their names. Prints JSON: faults, a line for each object that is gone or was edited, unsettled, the names of
nodes that lack something of theirs, and workloads with how many of their pods are ready. What the files leave open may be anything.
Ends with 1 when the API server does not answer.
"""

import base64
import http.client
import json
import ssl
import sys

import yaml

KUBEADM_OBJECTS = [
    ("apps/v1", "Deployment", "kube-system", "coredns"),
    ("v1", "Service", "kube-system", "kube-dns"),
    ("apps/v1", "DaemonSet", "kube-system", "kube-proxy"),
]
TIMEOUT_SECONDS = 5


def main(server, authority, client, nodes, *files):
    context = ssl.create_default_context(cafile=authority)
    context.load_cert_chain(f"{client}.crt", f"{client}.key")
    connection = http.client.HTTPSConnection(server, timeout=TIMEOUT_SECONDS, context=context)
    with open(nodes, encoding="utf-8") as text:
        given = json.load(text)

    def ask(resource):
        return get(connection, resource)

    print(json.dumps({**look(ask, files), "unsettled": list(unsettled(ask, given))}))


def look(ask, files):
    faults, workloads = [], []
    for wanted in [*kubeadm_objects(), *delivered(files)]:
        kind, name = wanted["kind"], full_name(wanted)
        actual = ask(path(wanted))
        if actual is None:
            faults.append(f"{kind} {name} is gone")
            continue
        if not within(comparable(wanted), comparable(actual)):
            faults.append(f"{kind} {name} was edited")
        if kind in ("Deployment", "DaemonSet"):
            workloads.append({"name": name, **pods_of(actual)})
    return {"faults": faults, "workloads": workloads}


def unsettled(ask, given):
    """One that is not there lacks nothing: it has not joined yet, or was not started."""
    for name, own in given.items():
        node = ask(f"/api/v1/nodes/{name}")
        if node is None:
            continue
        has = node["spec"].get("taints", [])
        tainted = all(any(within(taint, other) for other in has) for taint in own.get("taints", []))
        if not (tainted and within(own.get("labels", {}), node["metadata"].get("labels", {}))):
            yield name


def kubeadm_objects():
    for version, kind, namespace, name in KUBEADM_OBJECTS:
        yield {"apiVersion": version, "kind": kind, "metadata": {"namespace": namespace, "name": name}}


def delivered(files):
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for file in files:
        with open(file, encoding="utf-8") as text:
            yield from filter(None, yaml.load_all(text, Loader=loader))


def full_name(wanted):
    metadata = wanted["metadata"]
    return "/".join(filter(None, [metadata.get("namespace"), metadata["name"]]))


def path(wanted):
    version, metadata = wanted["apiVersion"], wanted["metadata"]
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    namespace = metadata.get("namespace")
    within_namespace = f"/namespaces/{namespace}" if namespace else ""
    return f"{root}{within_namespace}/{plural(wanted['kind'].lower())}/{metadata['name']}"


def plural(kind):
    if kind.endswith("s"):
        return f"{kind}es"
    if kind.endswith("y") and kind[-2] not in "aeiou":
        return f"{kind[:-1]}ies"
    return f"{kind}s"


def get(connection, resource):
    connection.request("GET", resource)
    response = connection.getresponse()
    body = response.read()
    if response.status == 404:
        return None
    if response.status != 200:
        raise OSError(f"GET {resource}: {response.status}")
    return json.loads(body)


def comparable(thing):
    """A secret's text is stored in base64."""
    if thing["kind"] != "Secret":
        return thing
    data = {key: base64.b64encode(text.encode()).decode() for key, text in thing.get("stringData", {}).items()}
    return {**{key: value for key, value in thing.items() if key != "stringData"}, "data": {**thing.get("data", {}), **data}}


def within(wanted, actual):
    """Whether all that is wanted is there; nothing, no and none are what is left out."""
    if isinstance(wanted, dict) and isinstance(actual, dict):
        return all(within(value, actual.get(key)) for key, value in wanted.items())
    if isinstance(wanted, list) and isinstance(actual, list):
        if key_of(wanted):
            return all(any(within(one, other) for other in actual) for one in wanted)
        return len(wanted) == len(actual) and all(map(within, wanted, actual))
    return wanted == actual or (not wanted and not actual) or str(wanted) == str(actual)


def key_of(things):
    """What an API server merges such a list by: there somebody else's may stand among ours, and an apply leaves it there."""
    keys = ("name", "containerPort", "port", "mountPath")
    return next((key for key in keys if things and all(isinstance(one, dict) and key in one for one in things)), None)


def pods_of(workload):
    status = workload.get("status", {})
    if workload["kind"] == "DaemonSet":
        return {"ready": status.get("numberReady", 0), "wanted": status.get("desiredNumberScheduled", 0)}
    return {"ready": status.get("readyReplicas", 0), "wanted": workload["spec"].get("replicas", 1)}


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (OSError, http.client.HTTPException) as error:
        sys.exit(f"{sys.argv[1]}: {error}")
