# SPDX-License-Identifier: GPL-2.0-or-later
"""
What flow files mean, written a second time, from the description of the language alone and as simply as it can be:
one container, another one, a protocol and a port; may the first open a connection to the second?
"""
import fnmatch
import ipaddress

DEFAULT_PROTOCOL = "tcp"


def as_list(value):
    return value if isinstance(value, list) else [value]


def in_project(container, app):
    labels = container.labels
    return app in (
        labels.get("com.docker.compose.project"),
        labels.get("com.docker.stack.namespace"),
        labels.get("bulkhead.app"),
    )


def matches_definition(container, app, definition):
    """Every criterion that is given has to match."""
    labels = container.labels
    checks = []
    if "compose" in definition:
        checks.append(labels.get("com.docker.compose.project") == app)
        checks.append(labels.get("com.docker.compose.service") == definition["compose"])
    if "swarm" in definition:
        checks.append(labels.get("com.docker.swarm.service.name") == definition["swarm"])
    if "container" in definition:
        checks.append(fnmatch.fnmatchcase(container.name, definition["container"]))
    if "image" in definition:
        checks.append(fnmatch.fnmatchcase(container.image, definition["image"]))
    for key, value in definition.get("labels", {}).items():
        checks.append(labels.get(key) == value)
    return all(checks)


def is_service(documents, container, app, service):
    for document in documents:
        if document["app"] == app and service in document.get("services", {}):
            return matches_definition(container, app, document["services"][service])
    labels = container.labels
    return (
        (labels.get("com.docker.compose.project"), labels.get("com.docker.compose.service")) == (app, service)
        or labels.get("com.docker.swarm.service.name") == f"{app}_{service}"
        or (labels.get("bulkhead.app"), labels.get("bulkhead.service")) == (app, service)
    )


def service_names(document):
    """The services of a file: those that it defines and those that its flows name."""
    names = set(document.get("services", {}))
    for flow in document["flows"]:
        for name in as_list(flow["from"]) + as_list(flow["to"]):
            if "/" not in name and name not in ("*", "world", "host"):
                names.add(name)
    return names


def is_of_app(documents, container, app):
    if in_project(container, app):
        return True
    return any(
        is_service(documents, container, app, name)
        for document in documents
        if document["app"] == app
        for name in service_names(document)
    )


def is_of_any_app(documents, container):
    labelled = any(
        key in container.labels
        for key in ("com.docker.compose.project", "com.docker.stack.namespace", "bulkhead.app")
    )
    return labelled or any(is_of_app(documents, container, document["app"]) for document in documents)


def is_peer(documents, container, own_app, name):
    if name in ("world", "host"):
        return False
    if name == "*/*":
        return is_of_any_app(documents, container)
    if name == "*":
        return is_of_app(documents, container, own_app)
    app, slash, service = name.partition("/")
    if not slash:
        return is_service(documents, container, own_app, name)
    if service == "*":
        return is_of_app(documents, container, app)
    return is_service(documents, container, app, service)


def covers(text, protocol, port):
    """`port` is None for icmp."""
    numbers, _, named = text.partition("/")
    if not numbers[0].isdigit():
        return numbers in ("any", protocol)
    if (named or DEFAULT_PROTOCOL) != protocol:
        return False
    first, _, last = numbers.partition("-")
    return int(first) <= port <= int(last or first)


def admits(documents, source, destination, protocol, port):
    for document in documents:
        for flow in document["flows"]:
            if (
                any(is_peer(documents, source, document["app"], name) for name in as_list(flow["from"]))
                and any(is_peer(documents, destination, document["app"], name) for name in as_list(flow["to"]))
                and any(covers(text, protocol, port) for text in flow["ports"])
            ):
                return True
    return False


# -- the boundary: who is in no container


def is_closed(documents, defaults, container, kind):
    """kind: "ingress", "egress" or "host".  One app that says so is enough."""
    words = [
        document.get("boundary", {}).get(kind, defaults.get(kind, "open"))
        for document in documents
        if is_of_app(documents, container, document["app"])
    ]
    return "declared" in (words or [defaults.get(kind, "open")])


def is_declared(documents, container, direction, word, address, protocol, port):
    """direction: "from" the container or "to" it; word: "world" or "host", at that address."""
    other = {"from": "to", "to": "from"}[direction]
    for document in documents:
        for flow in document["flows"]:
            cidrs = flow.get("cidrs", [])
            if (
                any(is_peer(documents, container, document["app"], name) for name in as_list(flow[direction]))
                and word in as_list(flow[other])
                and any(covers(text, protocol, port) for text in flow["ports"])
                and (
                    word == "host"
                    or not cidrs
                    or any(ipaddress.ip_address(address) in ipaddress.ip_network(cidr) for cidr in cidrs)
                )
            ):
                return True
    return False


def leaves(documents, defaults, container, address, protocol, port, name_servers=()):
    """Whether it may open a connection to somebody outside."""
    if address in name_servers and protocol in ("tcp", "udp") and port == 53:
        return True
    return not is_closed(documents, defaults, container, "egress") or is_declared(
        documents, container, "from", "world", address, protocol, port
    )


def reaches_host(documents, defaults, container, protocol, port):
    return not is_closed(documents, defaults, container, "host") or is_declared(
        documents, container, "from", "host", None, protocol, port
    )


def is_reached(documents, defaults, container, address, protocol, port):
    """By somebody outside; the port is the container's own."""
    return not is_closed(documents, defaults, container, "ingress") or is_declared(
        documents, container, "to", "world", address, protocol, port
    )


def is_reached_by_host(documents, defaults, container, protocol, port, published=()):
    """published: (protocol, port) that are; docker-proxy brings there whoever may come, as the host."""
    if not is_closed(documents, defaults, container, "ingress"):
        return True
    if is_declared(documents, container, "to", "host", None, protocol, port):
        return True
    return (protocol, port) in published and any(
        any(is_peer(documents, container, document["app"], name) for name in as_list(flow["to"]))
        and any(covers(text, protocol, port) for text in flow["ports"])
        for document in documents
        for flow in document["flows"]
    )
