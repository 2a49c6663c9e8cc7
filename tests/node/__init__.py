"""Tests on a real node: kubelet, containerd, volumes, Ingress, policies (`make node-test`)."""
