"""The trees are RFC 6962's, the signatures RFC 8032's, and the verifier that travels agrees with us."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.record.domain.seal import leaf_hash, proof_of, root_from_proof, root_of, tree_of
from dispatcher.record.storage.sealing_keys import SealingKeys, signature_holds
from dispatcher.record.verify import verify_export

# The test tree of Certificate Transparency: eight entries and its root at each size.
ENTRIES = ["", "\x00", "\x10", " !", "01", "@ABC", "PQRSTUVW", "`abcdefghijklmno"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


@pytest.mark.parametrize("size", range(1, 9))
def test_root_is_that_of_certificate_transparency(size: int) -> None:
    leaves = [leaf_hash(entry) for entry in ENTRIES[:size]]
    assert root_of(tree_of(leaves)).hex() == verify_export._root_of(leaves) == ROOTS[size - 1]


@settings(deadline=None)  # a busy machine is no finding
@given(st.integers(1, 70).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1))))
def test_proof_leads_to_the_root_from_its_own_place_alone(place: tuple[int, int]) -> None:
    size, index = place
    leaves = [leaf_hash(str(n)) for n in range(size)]
    tree = tree_of(leaves)
    proof = proof_of(tree, index)
    assert root_from_proof(leaves[index], index, size, proof) == root_of(tree)
    travelling = verify_export._root_from_proof(leaves[index], index, size, [each.hex() for each in proof])
    assert travelling == root_of(tree).hex()
    for other in {0, size - 1, (index + 1) % size} - {index}:
        assert root_from_proof(leaves[index], other, size, proof) != root_of(tree)
    assert root_from_proof(leaves[index], index, size, [*proof, b""]) is None


def test_verifier_knows_the_signature_of_rfc_8032() -> None:
    public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    signature = "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    assert verify_export.signature_holds(public, "", signature)
    assert not verify_export.signature_holds(public, " ", signature)


@settings(deadline=None)  # a busy machine is no finding
@given(st.text(max_size=80), st.integers(0, 511))
def test_verifier_agrees_with_the_library_on_signatures(tmp_path_factory, text: str, bit: int) -> None:
    key = SealingKeys(tmp_path_factory.getbasetemp() / "agreeing-keys").signing(None)
    signature = key.sign(text)
    changed = bytearray(bytes.fromhex(signature))
    changed[bit // 8] ^= 1 << bit % 8
    for candidate in (signature, changed.hex(), "", "zz", signature[:-2]):
        assert verify_export.signature_holds(key.public, text, candidate) == signature_holds(
            key.public, text, candidate
        )
