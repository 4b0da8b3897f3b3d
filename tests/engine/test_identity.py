# SPDX-License-Identifier: GPL-2.0-or-later
"""Who can claim to be a service or a network that the administrator named."""
import json

import engine as engines
from docker_api import ApiError
from fixtures import SERVE, EngineTest, shop
from registry import HOST, Registry

REPOSITORY = f"{HOST}/edge"


class Identity(EngineTest):
    def flows(self, image):
        return {
            **shop({"from": "edge", "to": "db", "ports": ["80"]}),
            "services": {"edge": {"image": image}, "db": {"container": "shop-db-1"}},
        }

    def pull(self, digest):
        self.engine.api.request("POST", "/images/create", query={"fromImage": REPOSITORY, "tag": digest})
        return f"{REPOSITORY}@{digest}"

    def test_image_is_pinned_by_its_digest(self):
        """A tag is whatever somebody tags; a digest is one image."""
        registry = Registry(self.engine)
        self.addCleanup(registry.close)
        pinned = self.pull(registry.put({"probe": engines.probe_path()}))
        self.addCleanup(self.engine.api.request, "DELETE", f"/images/{pinned}", query={"force": 1})
        other = self.pull(registry.put({"probe": engines.probe_path(), "more": engines.probe_path()}))
        self.addCleanup(self.engine.api.request, "DELETE", f"/images/{other}", query={"force": 1})
        self.engine.api.request("POST", f"/images/{engines.IMAGE}/tag", query={"repo": REPOSITORY, "tag": "claimed"})
        self.addCleanup(self.engine.api.request, "DELETE", f"/images/{REPOSITORY}:claimed")
        # Nobody gives an image another one's digest.
        with self.assertRaises(ApiError):
            repository, digest = pinned.split("@")
            self.engine.api.request("POST", f"/images/{engines.IMAGE}/tag", query={"repo": repository, "tag": digest})
        database = self.run_shop(services=("db",))["db"]
        right = self.engine.run("right", SERVE, image=pinned)
        claimants = [self.engine.run(f"claimant-{number}", SERVE, image=image)
                     for number, image in enumerate((other, f"{REPOSITORY}:claimed"))]
        for container in (right, *claimants):
            self.assert_open(container, database)
        # The pattern admits everybody who has that name …
        self.bulkhead.write_flows(self.flows(f"{REPOSITORY}*"))
        self.bulkhead.must("apply")
        for container in (right, *claimants):
            self.assert_open(container, database)
        # … the digest its image alone.
        self.bulkhead.write_flows(self.flows(pinned))
        self.bulkhead.must("check", self.bulkhead.flows_directory)
        self.bulkhead.must("apply")
        self.assert_open(right, database)
        self.assert_closed(right, database, port=81)
        for container in claimants:
            self.assert_closed(container, database)

    def test_excluded_network_is_pinned_by_its_id(self):
        """Whoever creates a network gives it any name, but no id."""
        identifier = self.engine.create_network("lab")
        self.engine.create_network("claims")
        lab = [self.engine.run(f"lab-{number}", SERVE, network="lab") for number in (1, 2)]
        claims = [self.engine.run(f"claims-{number}", SERVE, network="claims") for number in (1, 2)]
        configuration = self.bulkhead.config_file
        self.bulkhead.write(configuration, json.dumps({"networks": {"exclude": ["lab", "cla*"]}}))
        self.bulkhead.must("apply")
        self.assert_open(*lab)
        self.assert_open(*claims)
        self.bulkhead.write(configuration, json.dumps({"networks": {"exclude": [identifier[:12]]}}))
        self.bulkhead.must("apply")
        self.assert_open(*lab)
        self.assert_closed(*claims)
