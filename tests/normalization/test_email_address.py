import pytest

from leadops.normalization.email_address import encode_host, normalise_email


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        (" Ann@Buyers.Example ", "ann@buyers.example"),
        ("hanako＠buyer.example", "hanako@buyer.example"),
        ("ＨＡＮＡＫＯ＠ＢＵＹＥＲ．ＥＸＡＭＰＬＥ", "hanako@buyer.example"),
        ("hanako@buyer。example", "hanako@buyer.example"),
        ("\u3000hanako@buyer.example\u3000", "hanako@buyer.example"),
        ("hana\u200bko@buyer.example\ufeff", "hanako@buyer.example"),
        # The punycode of RFC 3492 and of IDNA 2008, where straße and strasse are two domains.
        ("hanako@köln.example", "hanako@xn--kln-sna.example"),
        ("hanako@KÖLN.example", "hanako@xn--kln-sna.example"),
        ("hanako@ko\u0308ln.example", "hanako@xn--kln-sna.example"),
        ("hanako@straße.example", "hanako@xn--strae-oqa.example"),
        ("hanako@xn--kln-sna.example", "hanako@xn--kln-sna.example"),
        # As mail programs and contact pages copy it.
        ("Ann Buyer <ann@buyer.example>", "ann@buyer.example"),
        ('"Buyer, Ann" < Ann@buyer.example >', "ann@buyer.example"),
        ("山田 花子 <hanako@buyer.example>", "hanako@buyer.example"),
        ("<ann@buyer.example>", "ann@buyer.example"),
        ("mailto:ann@buyer.example", "ann@buyer.example"),
        ("Mailto:ann@buyer.example?subject=Hi", "ann@buyer.example"),
        ("ann@buyer.example.", "ann@buyer.example"),
        ("hanako@buyer.example。", "hanako@buyer.example"),
        ("ann@buyer.example;", "ann@buyer.example"),
        # A person may have such a name at a real company, and a company such a name.
        ("test@buyer.example", "test@buyer.example"),
        ("ann@none.example", "ann@none.example"),
    ],
)
def test_what_a_person_means_is_one_address(typed: str, address: str) -> None:
    assert normalise_email(typed) == address


@pytest.mark.parametrize(
    "typed",
    [
        "hana\u212ao@buyer.example",  # the Kelvin sign: str.lower makes a k of it
        "hanako@\u212aoeln.example",
        "hanako@\u0130stanbul.example",  # a Turkish I with a dot: str.lower makes an i of it
        "\u017fam@buyer.example",  # a long s
        "\u00aann@buyer.example",  # a feminine ordinal
        "ha\ufb01@buyer.example",  # the ligature fi
        "\u24d0nn@buyer.example",  # an a in a circle
        "hänako@buyer.example",
        "花子@buyer.example",
        "hanako@" + "ö" * 70 + ".example",
        "hanako buyer@buyer.example",
        "a@b.example, c@d.example",
        "a@b.example <c@d.example>",
        "<a@b.example> <c@d.example>",
        "mailto:a@b.example,c@d.example",
        "none@none.com",
        "Test@TEST.co.jp",
        "na@na.example",
        "hanako@localhost",
        "hanako@-.example",
        "@",
        "",
    ],
)
def test_what_is_not_an_address_of_somebody_is_refused(typed: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - idna has texts of its own
        normalise_email(typed)


def test_a_host_is_written_in_one_way() -> None:
    assert encode_host("Ｅxample.CO.jp") == "example.co.jp"
    assert encode_host("株式会社.jp") == "xn--6oqv20b1zgzxr.jp"
