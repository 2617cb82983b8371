import pytest

from leadops.normalization.head_counts import read_head_count


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("120", 120),
        ("１２０", 120),
        ("200名", 200),
        ("約200人", 200),
        ("従業員数：300名", 300),
        ("200 employees", 200),
        # Grouped in threes
        ("1,000+", 1000),
        ("１，０００名以上", 1000),
        ("10.000", 10000),
        ("10'000", 10000),
        ("10 000", 10000),
        # Shortened
        ("1.5k", 1500),
        ("5K+", 5000),
        ("1万人", 10000),
        ("1.2万人以上", 12000),
        # Ranges count by their lower end
        ("51-200", 51),
        ("201～500名", 201),
        ("50〜99人", 50),
        ("51–200", 51),
        ("1,001 - 5,000 people", 1001),
        ("5001-10,000", 5001),
        ("51_-_200", 51),
        ("201-500_employees", 201),
        ("SIZE_51_TO_200", 51),
        ("between 51 and 200", 51),
        ("100人以上300人未満", 100),
        ("1-10名", 1),
        ("over 1,000", 1000),
        ("1000 or more", 1000),
        ("ab 50", 50),
        # The lower end of an open range is one person
        ("up to 50", 1),
        ("<50", 1),
        ("50名以下", 1),
        ("50人未満", 1),
        ("〜50名", 1),
        ("~200", 200),
        ("0", 0),
    ],
)
def test_a_text_names_a_number_of_people(text: str, count: int) -> None:
    assert read_head_count(text) == count


@pytest.mark.parametrize(
    "text",
    [
        *("", "many", "数百名", "Self-employed", "Jan-10", "2026-01-10", "03-1234-5678", "0312345678"),
        *(
            "1,20",
            "1,0000",
            "500-200",
            "-5",
            "50%",
            "$50",
            "1st",
            "3 offices",
            "51-200-500",
            "12 or 13 or 14",
        ),
    ],
)
def test_other_texts_name_none(text: str) -> None:
    assert read_head_count(text) is None
