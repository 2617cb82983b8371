import pytest

from leadops.normalization.company_names import make_company_key


@pytest.mark.parametrize(
    ("names", "key"),
    [
        (
            [
                "株式会社X",
                "㈱X",
                "（株）X",
                "(株) X",
                "㍿X",
                "X\u3000",
                "X　株式会社",
                "Ｘ株式会社",
                "カ)X",
                "株)X",
                "(株X",
                "X(株",
            ],
            "x",
        ),
        (["X", "X KK", "X K.K.", "Kabushiki Kaisha X", "x kabushiki kaisha", "X\u200b"], "x"),
        (["X Inc.", "X, Inc", "X Co., Ltd.", "X Co.,Ltd", "X GmbH & Co. KG", "X Pte. Ltd.", "X B.V."], "x"),
        (["山田商事", "株式会社山田　商事", "有限会社 山田商事", "㈲山田商事", "山田商事（有）"], "山田商事"),
        (["一般社団法人日本協会", "日本協会"], "日本協会"),
        (["株式会社トヨタ", "ﾄﾖﾀ", "トヨタ(株)"], "トヨタ"),
        (["Johnson & Johnson", "JOHNSON & JOHNSON, INC."], "johnson & johnson"),
        (["주식회사 한국", "한국㈜"], "한국"),
    ],
)
def test_one_company_has_one_key(names: list[str], key: str) -> None:
    assert {name: make_company_key(name) for name in names} == dict.fromkeys(names, key)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "",
            " ",
            "-",
            "N/A",
            "na",
            "null",
            "不明",
            "なし",
            "個人",
            "個 人",
            "個人事業主",
            "フリーランス",
            "無職",
        ),
        *(
            "Freelance",
            "self-employed",
            "Self Employed",
            "Company",
            "会社",
            "株式会社",
            "㈱",
            "Inc.",
            "Co., Ltd.",
        ),
        *("テスト", "student"),
    ],
)
def test_what_names_no_company_has_no_key(name: str) -> None:
    assert make_company_key(name) is None


def test_companies_that_differ_stay_apart() -> None:
    names = ["X", "Y", "X Holdings", "X東京", "AS Roma", "Roma", "AAA", "Corporate One", "Limited Brands"]
    assert len({make_company_key(name) for name in names}) == len(names)
