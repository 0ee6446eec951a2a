"""The MISP warning lists as their own library has them, and what it finds. One task a run; JSON in, JSON out."""

import ipaddress
import json
import sys

from pymispwarninglists import WarningLists


def load():
    return WarningLists(slow_search=True)


def lists():
    """Every list in the published format."""
    return [json.loads(one.to_json()) for one in load().warninglists.values()]


def search(addresses):
    """Names of the lists of blocks that hold each address, and that the library says do."""
    of_blocks = [one for one in load().warninglists.values() if one.type == "cidr"]
    networks = []
    for one in of_blocks:
        for entry in one.list:
            try:
                networks.append((one.name, ipaddress.ip_network(entry, strict=False)))
            except ValueError:
                pass
    by_version = {4: [], 6: []}
    for name, network in networks:
        by_version[network.version].append((name, network))
    found = []
    for text in addresses:
        address = ipaddress.ip_address(text)
        by_hand = sorted({name for name, network in by_version[address.version] if address in network})
        library = sorted({one.name for one in of_blocks if text in one})
        found.append([by_hand, library])
    return found


def main():
    answer = lists() if sys.argv[1] == "lists" else search(json.load(sys.stdin))
    print(json.dumps(answer))


main()
