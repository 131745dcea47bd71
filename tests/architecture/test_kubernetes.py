"""The manifests: they fit together, ask for no rights, and end their pods in time."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from invx import __version__
from invx.cli.split import PORTS
from invx.host import CONTEXTS
from invx.settings import read_settings
from tests.architecture.deployment import (
    DEPLOY,
    KUBERNETES,
    PINNED,
    containers,
    loaded,
    pods,
    resources,
    variables,
)

BASE, MIGRATE = DEPLOY / "kubernetes/base", DEPLOY / "kubernetes/migrate"
INSTALL = DEPLOY.parent / "docs/operations/install.md"
FINISHING_SECONDS = 20  # what is under way when a process ends
every_folder = pytest.mark.parametrize("folder", KUBERNETES, ids=lambda folder: folder.name)


def of_kind(kind: str, folder: Path = BASE) -> dict[str, dict[str, Any]]:
    found = [each for each in resources(folder) if each["kind"] == kind]
    return {each["metadata"]["name"]: each for each in found}


def shared() -> dict[str, str]:
    """What every container of ours is told."""
    [made] = loaded(BASE / "kustomization.yaml")["configMapGenerator"]
    return dict(literal.split("=", 1) for literal in made["literals"])


def ports_of(name: str) -> set[int]:
    pod = of_kind("Deployment")[name]["spec"]["template"]["spec"]
    return {port["containerPort"] for each in pod["containers"] for port in each["ports"]}


@every_folder
def test_each_resource_says_what_it_is_and_stands_once(folder: Path) -> None:
    found = resources(folder)
    assert found
    for each in found:
        assert each["apiVersion"]
        assert each["metadata"]["name"]
    names = [(each["kind"], each["metadata"]["name"]) for each in found]
    assert len(names) == len(set(names))


@every_folder
def test_every_file_of_a_folder_is_used(folder: Path) -> None:
    there = {path.name for path in folder.glob("*.yaml")} - {"kustomization.yaml"}
    named = set(loaded(folder / "kustomization.yaml")["resources"])
    assert {name for name in named if not name.startswith("..")} == there


@every_folder
def test_pods_satisfy_the_restricted_standard(folder: Path) -> None:
    for name, pod in pods(folder):
        whole = pod["securityContext"]
        assert whole["runAsNonRoot"] is True, name
        assert whole["runAsUser"] > 0
        assert whole["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        for each in containers(pod):
            mine = each["securityContext"]
            assert mine["allowPrivilegeEscalation"] is False, name
            assert mine["readOnlyRootFilesystem"] is True
            assert mine["capabilities"] == {"drop": ["ALL"]}
    label = of_kind("Namespace")["invx"]["metadata"]["labels"]
    assert label == {"pod-security.kubernetes.io/enforce": "restricted"}


@every_folder
def test_memory_is_bounded_and_volumes_exist(folder: Path) -> None:
    for name, pod in pods(folder):
        volumes = {each["name"] for each in pod["volumes"]}
        for each in containers(pod):
            assert each["resources"]["limits"]["memory"], name
            assert each["resources"]["requests"]["cpu"], name
            assert {mount["name"] for mount in each["volumeMounts"]} <= volumes
            assert "/tmp" in {mount["mountPath"] for mount in each["volumeMounts"]}


def test_every_image_has_a_version_and_ours_is_that_of_the_program() -> None:
    for folder in (BASE, MIGRATE):
        tags = {each["name"]: each for each in loaded(folder / "kustomization.yaml")["images"]}
        for each in tags.values():
            assert PINNED.fullmatch(f"{each['newName']}:{each['newTag']}")
        used = {each["image"] for _, pod in pods(folder) for each in containers(pod)}
        assert used == set(tags)
        assert tags["invx"]["newTag"] == __version__


def test_each_context_is_deployed_at_its_port() -> None:
    deployed = of_kind("Deployment")
    assert set(deployed) == {*CONTEXTS, "gateway"}
    for name in CONTEXTS:
        assert ports_of(name) == {PORTS[name]}
        service = of_kind("Service")[name]["spec"]
        assert service["clusterIP"] == "None", "the gateway sees each replica"
        assert [port["port"] for port in service["ports"]] == [PORTS[name]]


def test_the_program_reads_every_setting(tmp_path: Path) -> None:
    for file in ("context_databases.json", "served_databases.json"):
        (tmp_path / file).write_text("{}")
    for key in ("app", "system", "admin"):
        (tmp_path / key).write_text(f"postgresql://{key}:x@db:5432/invx\n")
    (tmp_path / "rabbitmq").write_text("amqps://invx:x@broker:5671")
    (tmp_path / "valkey").write_text("rediss://:x@valkey:6379/0")
    for folder in (BASE, MIGRATE):
        for name, pod in pods(folder):
            for each in containers(pod):
                if each["image"] != "invx":
                    continue
                own = {**variables(each), **(shared() if "envFrom" in each else {})}
                said = {
                    key: value.replace("/run/secrets/invx", str(tmp_path))
                    for key, value in own.items()
                }
                settings = read_settings(said)
                assert settings.place.external or name == "gateway"
                if name in CONTEXTS:
                    assert settings.serve.port == PORTS[name]
                    assert settings.place.admin_dsn == settings.place.app_dsn


def test_probes_ask_what_the_program_answers() -> None:
    for name, each in of_kind("Deployment").items():
        [container] = each["spec"]["template"]["spec"]["containers"]
        ready = "/healthz" if name == "gateway" else "/readyz"
        asked = {kind: container[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness")}
        assert {probe["path"] for probe in asked.values()} == {"/healthz"}, name
        assert container["readinessProbe"]["httpGet"] == {"path": ready, "port": "http"}


def test_a_pod_has_longer_to_end_than_it_takes() -> None:
    for name, each in of_kind("Deployment").items():
        pod = each["spec"]["template"]["spec"]
        [container] = pod["containers"]
        before = container["lifecycle"]["preStop"]["exec"]["command"]
        waits = int(re.findall(r"sleep\s+(\d+)", " ".join(before))[-1])
        own = int(shared()["INVX_DRAIN_SECONDS"]) + FINISHING_SECONDS if name in CONTEXTS else 0
        assert pod["terminationGracePeriodSeconds"] > waits + own, name


def test_no_pod_is_the_last_by_an_eviction_or_a_rollout() -> None:
    for name, each in of_kind("Deployment").items():
        assert each["spec"]["replicas"] == 2
        assert each["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
        assert of_kind("PodDisruptionBudget")[name]["spec"]["minAvailable"] == 1
        scaled = of_kind("HorizontalPodAutoscaler")[name]["spec"]
        assert scaled["scaleTargetRef"]["name"] == name
        assert 2 <= scaled["minReplicas"] < scaled["maxReplicas"]


def test_selectors_find_the_pods_that_they_mean() -> None:
    labels = {
        name: each["spec"]["template"]["metadata"]["labels"]
        for name, each in of_kind("Deployment").items()
    }
    for kind in ("Deployment", "PodDisruptionBudget"):
        for name, each in of_kind(kind).items():
            wanted = each["spec"]["selector"]["matchLabels"]
            assert wanted.items() <= labels[name].items()
    for name, each in of_kind("Service").items():
        assert each["spec"]["selector"].items() <= labels[name].items()


def test_nothing_is_reached_but_what_is_said() -> None:
    policies = of_kind("NetworkPolicy")
    closed = policies["nothing-by-itself"]["spec"]
    assert closed == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    [to_contexts] = policies["gateway"]["spec"]["egress"]
    assert {each["port"] for each in to_contexts["ports"]} == {PORTS[name] for name in CONTEXTS}
    for name, each in policies.items():
        for rule in each["spec"].get("ingress", []):
            assert "from" in rule or name == "gateway", f"{name} is open to everybody"
    [keys] = policies["identity"]["spec"]["ingress"]
    assert keys["ports"] == [{"port": PORTS["identity"]}]


def test_keys_of_identity_are_in_the_volume_that_migrating_fills() -> None:
    [(_, job)] = pods(MIGRATE)
    home = {"name": "home", "persistentVolumeClaim": {"claimName": "identity-home"}}
    identity = of_kind("Deployment")["identity"]["spec"]["template"]["spec"]
    assert home in job["volumes"]
    assert home in identity["volumes"]
    claimed = {
        each["persistentVolumeClaim"]["claimName"]
        for _, pod in pods(BASE)
        for each in pod["volumes"]
        if "persistentVolumeClaim" in each
    }
    assert claimed == set(of_kind("PersistentVolumeClaim"))


def test_the_phases_of_an_upgrade_are_jobs_of_their_own() -> None:
    for phase in ("pre", "post"):
        folder = DEPLOY / f"kubernetes/migrate-{phase}"
        made = loaded(folder / "kustomization.yaml")
        [patch] = made["patches"]
        [step] = yaml.safe_load(patch["patch"])
        assert made["nameSuffix"] == f"-{phase}"
        assert step["value"] == ["migrate", "--phase", phase]
        at: Any = resources(folder)[0]
        for key in step["path"].strip("/").split("/"):
            at = at[int(key)] if key.isdecimal() else at[key]
        assert at == ["migrate"]


def test_the_page_names_every_secret_with_its_files() -> None:
    page = INSTALL.read_text("utf-8")
    for folder in (BASE, MIGRATE):
        for _, pod in pods(folder):
            for each in pod["volumes"]:
                if "secret" in each:
                    assert f"`{each['secret']['secretName']}`" in page
            for container in containers(pod):
                for value in variables(container).values():
                    if value.startswith("/run/secrets/invx/"):
                        assert f"`{value.rpartition('/')[2]}`" in page, value
